import type { ColumnConfig } from '../../contract/pipeline.ts';
import type { ColumnProblem, TableShape } from '../provider-spec.ts';
import { checkConfig } from './check-config.ts';
import { TEXT } from './column-configs.ts';
import { KEY_TITLE } from './columns.ts';
import { referencesOf, titleOf, typeOf } from './dependencies.ts';

/** Everything about the columns that their shape cannot say; works on configs of any shape. */
export function checkColumns({ columns }: TableShape): ColumnProblem[] {
  return [
    ...checkTitles(columns),
    ...columns.flatMap((config, index) => [
      ...checkType(config, index),
      ...checkConfig(config, index),
      ...checkReferences(columns, config, index),
    ]),
    ...checkCycles(columns),
    ...checkInputs(columns),
  ];
}

function checkTitles(columns: readonly ColumnConfig[]): ColumnProblem[] {
  const first = new Map<string, number>();
  return columns.flatMap((config, index): ColumnProblem[] => {
    const title = titleOf(config);
    const path = [index, 'title'];
    if (title === '') return [];
    if (title === KEY_TITLE) {
      return [
        { path, found: `"${title}"`, allowed: 'another title: rowmill keeps its keys there' },
      ];
    }
    const before = first.get(title);
    first.set(title, before ?? index);
    if (before === undefined) return [];
    return [
      { path, found: `"${title}" again`, allowed: `a title of its own: columns[${before}] has it` },
    ];
  });
}

function checkType(config: ColumnConfig, index: number): ColumnProblem[] {
  if (typeOf(config) !== 'HUMAN') return [];
  const allowed = 'a column that computes: nobody fills this one in during a run';
  return [{ path: [index, 'type'], found: JSON.stringify(config['type']), allowed }];
}

function checkReferences(
  columns: readonly ColumnConfig[],
  config: ColumnConfig,
  index: number,
): ColumnProblem[] {
  const own = titleOf(config);
  const others = columns.map(titleOf).filter((title) => title !== '' && title !== own);
  return referencesOf(config).flatMap(({ title, path, elsewhere }): ColumnProblem[] => {
    if (typeOf(config) === TEXT) {
      const allowed = 'none: text columns are filled from the rows';
      return [{ path: [index, ...path], found: `"${title}"`, allowed }];
    }
    if (others.includes(title) || elsewhere) return [];
    return [
      {
        path: [index, ...path],
        found: title === own ? 'the column itself' : `no column is called "${title}"`,
        allowed: `the title of another column: ${others.join(', ')}`,
        word: title,
        candidates: others,
      },
    ];
  });
}

function checkCycles(columns: readonly ColumnConfig[]): ColumnProblem[] {
  const byTitle = new Map(columns.map((config) => [titleOf(config), config]));
  const reaches = (from: ColumnConfig, title: string, seen: Set<ColumnConfig>): boolean =>
    referencesOf(from).some((reference) => {
      const next = byTitle.get(reference.title);
      if (reference.title === title) return true;
      if (next === undefined || seen.has(next)) return false;
      return reaches(next, title, seen.add(next));
    });
  return columns.flatMap((config, index): ColumnProblem[] => {
    const title = titleOf(config);
    const direct = referencesOf(config).some((reference) => reference.title === title);
    // A column that names itself is told above.
    if (title === '' || direct || !reaches(config, title, new Set())) return [];
    const found = `"${title}" waits for itself, through other columns`;
    return [{ path: [index], found, allowed: 'dependencies without a circle' }];
  });
}

function checkInputs(columns: readonly ColumnConfig[]): ColumnProblem[] {
  if (columns.length === 0 || columns.some((config) => typeOf(config) === TEXT)) return [];
  const allowed = 'at least one column of type TEXT, which is filled from the rows';
  return [{ path: [], found: 'no input column', allowed }];
}

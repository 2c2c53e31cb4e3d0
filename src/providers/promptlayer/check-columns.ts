import type { ColumnConfig } from '../../contract/pipeline.ts';
import type { ColumnProblem, TableShape } from '../provider-spec.ts';
import { inCircles } from '../circles.ts';
import { checkConfig } from './check-config.ts';
import { TEXT } from './column-configs.ts';
import { KEY_TITLE } from './columns.ts';
import { referencesOf, titleOf, titlesRead, typeOf } from './dependencies.ts';

/** Checks everything about the columns beyond their shape; accepts configs of any shape. */
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
  const allowed = 'a column that computes: no run fills this one in';
  return [{ path: [index, 'type'], found: JSON.stringify(config['type']), allowed }];
}

function checkReferences(
  columns: readonly ColumnConfig[],
  config: ColumnConfig,
  index: number,
): ColumnProblem[] {
  const references = referencesOf(config);
  if (references.length === 0) return [];
  const own = titleOf(config);
  const others = columns.map(titleOf).filter((title) => title !== '' && title !== own);
  const known = new Set(others);
  const another = `the title of another column: ${others.join(', ')}`;
  return references.flatMap(({ title, path, elsewhere }): ColumnProblem[] => {
    if (typeOf(config) === TEXT) {
      const allowed = 'none: text columns are filled from the rows';
      return [{ path: [index, ...path], found: `"${title}"`, allowed }];
    }
    if (known.has(title) || elsewhere) return [];
    return [
      {
        path: [index, ...path],
        found: title === own ? 'the column itself' : `no column is called "${title}"`,
        allowed: another,
        word: title,
        candidates: others,
      },
    ];
  });
}

function checkCycles(columns: readonly ColumnConfig[]): ColumnProblem[] {
  // Only column titles, which bounds the size however often they are named.
  const titles = new Set(columns.map(titleOf));
  const read = new Map(
    columns.map((config) => [
      titleOf(config),
      titlesRead(config).filter((title) => titles.has(title)),
    ]),
  );
  const circling = inCircles(read);
  return columns.flatMap((config, index): ColumnProblem[] => {
    const title = titleOf(config);
    const direct = read.get(title)?.includes(title) === true;
    // A column that names itself is reported above.
    if (title === '' || direct || !circling.has(title)) return [];
    const found = `"${title}" waits for itself, through other columns`;
    return [{ path: [index], found, allowed: 'dependencies without a circle' }];
  });
}

function checkInputs(columns: readonly ColumnConfig[]): ColumnProblem[] {
  if (columns.length === 0 || columns.some((config) => typeOf(config) === TEXT)) return [];
  const allowed = 'at least one column of type TEXT, which is filled from the rows';
  return [{ path: [], found: 'no input column', allowed }];
}

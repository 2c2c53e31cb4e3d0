import { isDeepStrictEqual } from 'node:util';
import type { Json } from '../../src/contract/json.ts';
import type { ResultRow } from '../../src/contract/results.ts';

/** Kind of a column; `json` has the value itself, `texts` a list of texts. */
export type FlatKind = 'text' | 'number' | 'boolean' | 'json' | 'texts';

/** Results as a table: what a reader has found, or what the JSON Lines say. */
export interface FlatTable {
  columns: { name: string; kind: FlatKind }[];
  rows: Json[][];
}

/** Columns of results. */
export interface FlatNames {
  inputs: readonly string[];
  source: readonly string[];
  /** Kind of each answer, in the order of the columns. */
  answers: Readonly<Record<string, Exclude<FlatKind, 'texts'>>>;
}

/** The table that the JSON Lines are, said without the sinks. Its names must not clash. */
export function tableOfLines(text: string, { inputs, source, answers }: FlatNames): FlatTable {
  const kinds = new Map(Object.entries(answers));
  const keys = [...kinds.keys()];
  const rows = text.split('\n').slice(0, -1);
  return {
    columns: [
      ...['key', ...inputs, ...source].map((name) => ({ name, kind: 'text' as const })),
      ...[...kinds].map(([name, kind]) => ({ name, kind })),
      { name: '_status', kind: 'text' },
      { name: '_sources', kind: 'texts' },
    ],
    rows: rows.map((line) => {
      // Safe cast: another form shows as cells that differ.
      const row = JSON.parse(line) as ResultRow;
      return [
        row.key,
        ...inputs.map((name) => textAt(row.input, name)),
        ...source.map((name) => textAt(row.source ?? {}, name)),
        ...keys.map((key) => {
          const value = row.cells[key]?.value ?? null;
          return kinds.get(key) === 'text' ? shown(value) : value;
        }),
        statusIn(row, keys),
        [...new Set(keys.flatMap((key) => row.cells[key]?.sources ?? []).map(shown))],
      ];
    }),
  };
}

/** Converts a table to that of a CSV: texts only, and no sources. */
export const asTexts = ({ columns, rows }: FlatTable): FlatTable => ({
  columns: columns.slice(0, -1).map(({ name }) => ({ name, kind: 'text' })),
  rows: rows.map((row) => row.slice(0, -1).map((value) => shown(value) ?? '')),
});

const textAt = (fields: Record<string, Json>, name: string): string | null =>
  shown(fields[name] ?? null);

const shown = (value: Json): string | null =>
  value === null || typeof value === 'string' ? value : JSON.stringify(value);

function statusIn({ cells, complete, vanished }: ResultRow, keys: string[]): string {
  const open = keys
    .map((key) => [key, cells[key]?.status ?? 'pending'].join('='))
    .filter((text) => !/=(done|skipped)$/.test(text));
  const words = [...(vanished === true ? ['vanished'] : []), ...open];
  return words.join(';') || (complete ? 'complete' : 'partial');
}

/** Names the first cells that differ; the rows may be in another order. */
export function differences(wanted: FlatTable, found: FlatTable): string[] {
  const counts = `${wanted.rows.length} rows, found ${found.rows.length}`;
  const problems = wanted.rows.length === found.rows.length ? [] : [counts];
  const byKey = new Map(found.rows.map((row) => [row[0], row]));
  for (const row of wanted.rows) {
    const other = byKey.get(row[0] ?? null) ?? [];
    for (const [at, { name }] of wanted.columns.entries()) {
      if (row[at] === other[at] || isDeepStrictEqual(row[at], other[at])) continue;
      const said = [row[at], other[at]].map((value) => JSON.stringify(value)).join(' is ');
      problems.push(`${JSON.stringify(row[0])} ${name}: ${said}`);
    }
    if (problems.length > 5) return problems;
  }
  return problems;
}

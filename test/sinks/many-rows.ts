import { readFile } from 'node:fs/promises';
import { parse } from 'csv-parse/sync';
import type { Json } from '../../src/contract/json.ts';
import type { CellOutcome, ResultRow } from '../../src/contract/results.ts';
import type { ResultColumns } from '../../src/sinks/port/sink.ts';
import type { Folder } from '../../src/store/store.ts';
import type { FlatNames } from './flat-table.ts';
import { Missing, resultRow } from './result-row.ts';
import { newFolder, RESULTS } from './results.ts';

const COMPANIES = new URL('../../examples/companies/companies.csv', import.meta.url);

const SOURCE = ['GICS Sector', 'Headquarters Location', 'Founded'];

export const COLUMNS: ResultColumns = {
  columns: ['note', 'sector', 'staff', 'revenue', 'public', 'board'],
  inputs: ['input', 'rank'],
  source: SOURCE,
  answers: {
    sector: { type: 'string' },
    staff: { type: 'integer' },
    revenue: { type: 'number' },
    public: { type: 'boolean' },
    board: { type: 'array' },
  },
};

/** Names of the columns for `tableOfLines`. */
export const NAMES: FlatNames = {
  inputs: COLUMNS.inputs,
  source: SOURCE,
  answers: {
    note: 'text',
    sector: 'text',
    staff: 'number',
    revenue: 'number',
    public: 'boolean',
    board: 'json',
  },
};

/** Answers that a writer may spoil: quotes, ends of lines, escapes, nothing, what null may look like. */
const NOTES: readonly Json[] = [
  ...['', ' ', '"', '""', 'a "b", c', ',', '\n', '\r\n', 'x\ry', '\t', '\\', '\\.', '\\N', 'NULL'],
  ...['null', '{}', '{"a"}', '=1+1', '-1', '\u2028', '\ufeff', '日本 – é', '👩‍🚀', 'x'.repeat(3_000)],
  ...[0, -0.5, true, ['a', null], { a: { 'b"': [1] } }, '2026-02-30', '1e400', '\u0001'],
];

const OPEN: readonly CellOutcome[] = ['failed', 'blocked', 'empty', 'pending', 'skipped'];

/** Stores so many results of companies, with answers of every kind. */
export async function storeManyRows(count: number): Promise<Folder> {
  const folder = newFolder();
  const companies = parse<Record<string, string>>(await readFile(COMPANIES), { columns: true });
  const draft = await folder.create(RESULTS);
  for (let n = 0; n < count; n += 1) {
    const company = companies[n % companies.length] ?? {};
    await draft.line(JSON.stringify(rowOf(company, n)));
  }
  await draft.commit();
  return folder;
}

function rowOf(company: Record<string, string>, n: number): ResultRow {
  const input = { input: company['Security'] ?? '', rank: n % 9 === 0 ? null : n };
  const open = new Missing(OPEN[n % OPEN.length] ?? 'failed');
  const row = resultRow(`${company['Symbol'] ?? ''}/${n}`, input, {
    note: NOTES[n % NOTES.length] ?? '',
    sector: n % 11 === 0 ? open : (company['GICS Sector'] ?? ''),
    // Every thirteenth has another type.
    staff: n % 13 === 0 ? 'about a thousand' : (n * 2_654_435_761) % 2 ** 53,
    revenue: (n % 2 === 0 ? 1 : -1) * (n / 7) * 10 ** (n % 40),
    public: n % 3 === 0,
    board: n % 5 === 0 ? [] : [`Ada ${n}`, { role: 'CEO "x"', since: null }],
  });
  const { note } = row.cells;
  if (note !== undefined && n % 4 !== 0) {
    note.sources = [`https://source.example/${n}?a="b",{c}`, { page: n }, 'NULL', `\\${n}`];
  }
  return {
    ...row,
    source: Object.fromEntries(SOURCE.map((name) => [name, company[name] ?? null])),
    ...(n % 17 === 0 ? { vanished: true } : {}),
  };
}

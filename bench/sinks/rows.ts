import { createFileStore } from '../../src/store/disk/file-store.ts';
import type { ResultRow } from '../../src/contract/results.ts';
import type { Folder } from '../../src/store/store.ts';
import type { ResultColumns } from '../../src/sinks/port/sink.ts';

export const RESULTS = 'results.jsonl';

/** Columns of the rows that are published. */
export const COLUMNS: ResultColumns = {
  columns: ['sector', 'employees', 'profile'],
  inputs: ['input'],
  answers: {
    sector: { type: 'string', enum: ['Energy', 'Materials'] },
    employees: { type: 'integer' },
    profile: { type: 'string' },
  },
};

export const resultsFolder = (place: string): Folder =>
  createFileStore(place).run({ workflowId: 'bench', firstRunId: 'sinks' });

/** Stores results of half a kilobyte a row, as a run does. */
export async function storeRows(folder: Folder, rows: number): Promise<void> {
  const draft = await folder.create(RESULTS);
  for (let at = 0; at < rows; at += 1) await draft.line(JSON.stringify(rowAt(at)));
  await draft.commit();
}

const rowAt = (at: number): ResultRow => ({
  key: `row-${at}`,
  rowId: `id-${at}`,
  input: { input: `https://www.company-${at}.example` },
  cells: {
    sector: { status: 'done', value: at % 2 === 0 ? 'Energy' : 'Materials' },
    employees: { status: 'done', value: (at * 7919) % 100_003 },
    profile: {
      status: 'done',
      value: `Company ${at} makes ${'many different things '.repeat(8)}.`,
      sources: [`https://source.example/${at}`],
    },
  },
  complete: true,
});

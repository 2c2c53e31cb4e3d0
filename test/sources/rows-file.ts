import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from '@jest/globals';
import type { RowsFormat, RowsSource } from '../../src/contract/pipeline.ts';
import type { RowProblem, SourceRow } from '../../src/sources/rows/row.ts';
import { openSource } from '../../src/sources/source.ts';
import { RowmillError } from '../../src/errors.ts';

const folder = await mkdtemp(join(tmpdir(), 'rowmill-rows-'));
let files = 0;
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A real file with the content. */
export async function rowsFile(
  content: string | Uint8Array,
  format: RowsFormat = 'csv',
): Promise<Extract<RowsSource, { type: 'file' }>> {
  files += 1;
  const path = join(folder, `rows-${files}.${format}`);
  await writeFile(path, content);
  return { type: 'file', path, format };
}

export interface Read {
  rows: SourceRow[];
  problems: RowProblem[];
}

export async function readAll(source: RowsSource): Promise<Read> {
  const problems: RowProblem[] = [];
  const rows: SourceRow[] = [];
  for await (const row of openSource(source, { onProblem: (problem) => problems.push(problem) })) {
    rows.push(row);
  }
  return { rows, problems };
}

/** `code: message` of what goes wrong, or what came out. */
export async function outcomeOf(work: Promise<unknown>): Promise<string> {
  try {
    return `nothing went wrong: ${JSON.stringify(await work)}`;
  } catch (error) {
    if (error instanceof RowmillError) return `${error.code}: ${error.message}`;
    throw error;
  }
}

import type { ResultRow } from '../../../src/contract/results.ts';
import { readLines } from '../../../src/store/disk/lines.ts';

/** Work of a bare writer: the stored results `from`, in a file or table `to`. */
export interface Job {
  from: string;
  to: string;
}

/** Columns of the flat rows. */
export const NAMES = ['key', 'input', 'sector', 'employees', 'profile', '_status', '_sources'];

/** Reads the rows that the bench has stored, and does nothing else: no types, no statuses. */
export async function* flatRows(from: string): AsyncGenerator<unknown[]> {
  for await (const line of readLines(from)) {
    // Safe cast: the bench wrote the line.
    const { key, input, cells } = JSON.parse(line) as ResultRow;
    yield [
      key,
      input['input'],
      cells['sector']?.value,
      cells['employees']?.value,
      cells['profile']?.value,
      'complete',
      cells['profile']?.sources,
    ];
  }
}

import type { TableRef } from '../../src/contract/table.ts';
import { RowmillError } from '../../src/errors.ts';
import type { Folder } from '../../src/store/store.ts';
import { RowIndex } from '../run-files/snapshot.ts';
import type { PageReader } from './page-reader.ts';
import type { ActivityAttempt } from '../runtime/activity.ts';

/** Reads the same rows again before their keys are taken for lost. */
export const MAX_KEY_READS = 3;
const CHECK_EVERY_MS = 1_500;

/**
 * Reads one page of a table before anything is paid. Rows without the keys they were sent with
 * could not be matched in the results.
 * @returns whether every row of it has its key
 * @throws RowmillError `keys_missing` if none has
 */
export async function keysComeBack(
  pages: PageReader,
  table: TableRef,
  folder: Folder,
  attempt: Pick<ActivityAttempt<unknown>, 'waitForLateCommit'>,
): Promise<boolean> {
  for (let reads = 1; ; reads += 1) {
    const { rows } = await pages.read(null);
    const index = new RowIndex(folder);
    const found = await index.of(rows.map(({ key }) => key)).finally(() => index.close());
    const ours = found.filter((ordinal) => ordinal !== undefined).length;
    if (ours > 0 || rows.length === 0) return ours === rows.length && ours > 0;
    if (reads === MAX_KEY_READS) throw keysMissing(table, rows.length);
    await attempt.waitForLateCommit(CHECK_EVERY_MS);
  }
}

export const keysMissing = ({ id }: TableRef, rows: number): RowmillError =>
  new RowmillError(
    'keys_missing',
    `${rows} rows were read back, and none has the key that it was sent with`,
    { where: `table ${id}` },
  );

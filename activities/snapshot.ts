import { RUN_FILE } from '../src/contract/names.ts';
import type { SnapshotRow } from '../src/contract/rows.ts';
import { RowmillError } from '../src/errors.ts';
import type { Folder } from '../src/store/store.ts';

/** The frozen rows in the run's folder. */
export const SNAPSHOT_FILE = RUN_FILE.rows;

/** Rows of the snapshot in the order of the input. */
export async function* snapshotRows(folder: Folder): AsyncGenerator<SnapshotRow> {
  let line = 0;
  for await (const text of folder.lines(SNAPSHOT_FILE)) {
    line += 1;
    const { key, input } = parseRow(text, `${folder.locate(SNAPSHOT_FILE)}:${line}`);
    // What only the results need would fill the memory of a batch.
    yield { key, input };
  }
}

const KEY_FROM = '{"key":'.length;

/** What follows the key in a line of the snapshot. */
export const INPUT_MARK = ',"input":';

/**
 * The key of a line of the snapshot. `takeSnapshot` writes it first, and `JSON.stringify` keeps that
 * order: the row itself, which may be long, is not parsed.
 */
export function snapshotKey(line: string, folder: Folder): string {
  try {
    return JSON.parse(line.slice(KEY_FROM, line.indexOf(INPUT_MARK))) as string;
  } catch (cause) {
    const where = folder.locate(SNAPSHOT_FILE);
    throw new RowmillError('snapshot_changed', 'not a row', { where, cause });
  }
}

export function parseRow(text: string, where: string): SnapshotRow {
  try {
    // Written by takeSnapshot and checked by digest when the run began.
    return JSON.parse(text) as SnapshotRow;
  } catch (cause) {
    throw new RowmillError('snapshot_changed', 'not a row', { where, cause });
  }
}

import { createHash } from 'node:crypto';
import type { SnapshotRow } from '../contract/rows.ts';
import { RowmillError } from '../errors.ts';
import type { Digest } from '../rules/nights/digest-index.ts';
import { changedInputs } from '../rules/nights/inputs.ts';
import { SnapshotDiff } from '../rules/nights/snapshot-diff.ts';
import type { Folder } from '../store/store.ts';
import { lineAt, placedLines } from './line-at.ts';

/** File of a snapshot: one `SnapshotRow` a line. */
export interface SnapshotFile {
  folder: Folder;
  name: string;
}

/** Row that differs from the last night. */
export type RowDifference =
  | { change: 'new'; key: string }
  /** `inputs`: the input columns that changed; none of a row that only returned. `returned`: the row had left the source before. */
  | { change: 'changed'; key: string; inputs: string[]; returned: boolean }
  /** `line`: of the last snapshot. */
  | { change: 'vanished'; key: string; row: SnapshotRow };

/** Returns the first 64 bits of SHA-256: equal for two of a million texts once in 10^7 comparisons. */
export const digestOf = (text: string): Digest => {
  const bytes = createHash('sha256').update(text).digest();
  return [bytes.readUInt32BE(0), bytes.readUInt32BE(4)];
};

/**
 * Compares tonight's rows with those of the last night, by key. Yields each row that is new, changed
 * or returned, in tonight's order, and then those that vanished, in theirs. Memory depends on the
 * number of rows only.
 */
export async function* compareRows(
  last: SnapshotFile | null,
  next: SnapshotFile,
): AsyncGenerator<RowDifference> {
  const diff = new SnapshotDiff(digestOf);
  if (last !== null) {
    for await (const { text, place } of placedLines(last.folder, last.name)) {
      diff.before(rowIn(last, text), place);
    }
  }
  for await (const text of next.folder.lines(next.name)) {
    const row = rowIn(next, text);
    const found = diff.after(row);
    if (found.change === 'new' || last === null) {
      yield { change: 'new', key: row.key };
      continue;
    }
    if (found.change === 'same') continue;
    const before = rowIn(last, await lineAt(last.folder, last.name, found.place));
    const inputs = changedInputs(before.input, row.input);
    yield { change: 'changed', key: row.key, inputs, returned: before.vanished === true };
  }
  if (last === null || diff.vanished === 0) return;
  for await (const text of last.folder.lines(last.name)) {
    const row = rowIn(last, text);
    if (diff.hasVanished(row.key)) yield { change: 'vanished', key: row.key, row };
  }
}

function rowIn({ folder, name }: SnapshotFile, text: string): SnapshotRow {
  try {
    // Written by takeSnapshot in this shape.
    return JSON.parse(text) as SnapshotRow;
  } catch (cause) {
    throw new RowmillError('snapshot_changed', 'not a row', { where: folder.locate(name), cause });
  }
}

import type { PublishedFile } from '../../contract/results.ts';
import { companionsOf, realFootprint, type Footprint } from '../../paths/footprint.ts';
import { mapWriteErrors } from '../port/sink-error.ts';
import { filesAt } from './files-at.ts';

/** Writes a chunk to the destination, waiting for the disk. */
export type WriteChunk = (chunk: Uint8Array) => Promise<void>;

/**
 * Returns the resolved paths of a target and its companion files. Throws `sink_unwritable` if the
 * target is not a plain file.
 */
export async function placeOf(to: string): Promise<Footprint> {
  // A report that cannot be written is a caution, once the results are in place.
  const { report: _report, ...companions } = companionsOf({ to });
  for (const path of [to, ...Object.values<string>({ ...companions })]) {
    await mapWriteErrors(path, () => filesAt(path).destination(path));
  }
  return realFootprint(to);
}

/**
 * Replaces the file at `path` atomically with what `fill` writes: a reader sees the old or the new
 * file. `fill` returns the number of rows. On an error the old file stays. Of two concurrent calls
 * the last one wins.
 */
export const publishFile = async (
  path: string,
  fill: (write: WriteChunk) => Promise<number>,
): Promise<PublishedFile> => {
  const files = filesAt(path);
  const destination = await mapWriteErrors(path, () => files.destination(path));
  const file = await mapWriteErrors(path, () => files.open(destination));
  try {
    const rows = await fill((chunk) => mapWriteErrors(path, () => file.write(chunk)));
    const { bytes, sha256 } = await mapWriteErrors(path, () => file.commit());
    // The results exist; a folder that cannot be listed must not fail the publication.
    await files.removeDrafts(destination).catch(() => undefined);
    return { path, rows, bytes, sha256 };
  } finally {
    await file.discard().catch(() => undefined);
  }
};

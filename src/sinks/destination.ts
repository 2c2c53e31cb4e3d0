import { lstat, readlink, realpath } from 'node:fs/promises';
import { basename, dirname, isAbsolute, resolve } from 'node:path';
import type { PublishedFile } from '../contract/results.ts';
import { companionsOf, realFootprint, type Footprint } from '../paths/footprint.ts';
import { openAtomicFile } from '../store/atomic-file.ts';
import { errnoOf } from '../store/disk-error.ts';
import { removeLeftovers } from '../store/leftovers.ts';
import { mapWriteErrors, sinkError } from './sink-error.ts';

/** Maximum links, as on Linux. */
const MAX_LINKS = 40;

/** Writes a chunk to the destination, waiting for the disk. */
export type WriteChunk = (chunk: Uint8Array) => Promise<void>;

/**
 * Resolves the symbolic links of a path, even to a missing file: a rename over a link would replace
 * the link. Throws `sink_unwritable` if it is not a plain file (a rename would replace a device).
 */
export const realDestination = async (path: string): Promise<string> => {
  if (!isAbsolute(path)) throw sinkError(path, 'the path is not absolute');
  return mapWriteErrors(path, async () => {
    let at = path;
    for (let links = 0; links < MAX_LINKS; links += 1) {
      const found = await lstatOrNull(at);
      if (found === null) return at;
      if (found.isFile()) return at;
      if (found.isDirectory()) throw sinkError(path, 'it is a folder');
      if (!found.isSymbolicLink()) throw sinkError(path, 'it is not a plain file');
      at = resolve(await realpath(dirname(at)), await readlink(at));
    }
    throw sinkError(path, 'its links go round in a circle');
  });
};

const lstatOrNull = async (path: string) => {
  try {
    return await lstat(path);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return null;
    throw error;
  }
};

/**
 * Returns the resolved paths of a target and its companion files. Throws `sink_unwritable` if the
 * target is not a plain file.
 */
export async function placeOf(to: string): Promise<Footprint> {
  for (const path of [to, ...Object.values<string>({ ...companionsOf({ to }) })])
    await realDestination(path);
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
  const destination = await realDestination(path);
  const file = await mapWriteErrors(path, () => openAtomicFile(destination));
  try {
    const rows = await fill((chunk) => mapWriteErrors(path, () => file.write(chunk)));
    const { bytes, sha256 } = await mapWriteErrors(path, () => file.commit());
    await removeLeftoversOf(destination);
    return { path, rows, bytes, sha256 };
  } finally {
    await file.discard().catch(() => undefined);
  }
};

const removeLeftoversOf = async (destination: string): Promise<void> => {
  // The results exist; a folder that cannot be listed must not fail the publication.
  await removeLeftovers(dirname(destination), { name: basename(destination) }).catch(
    () => undefined,
  );
};

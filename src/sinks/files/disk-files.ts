import { lstat, open, readFile, readlink, realpath, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, resolve } from 'node:path';
import { fence } from '../../fence.ts';
import { openAtomicFile } from '../../store/disk/atomic-file.ts';
import { errnoOf } from '../../store/disk/disk-error.ts';
import { FILE_MODE, syncFolder } from '../../store/disk/folders.ts';
import { draftNameOf, removeLeftovers } from '../../store/disk/temp-files.ts';
import { readLines } from '../../store/disk/lines.ts';
import { sinkError } from '../port/sink-error.ts';
import type { TargetFiles } from './target-files.ts';

/** Maximum links, as on Linux. */
const MAX_LINKS = 40;

/**
 * Resolves the symbolic links of a path, even to a missing file: a rename over a link would replace
 * the link. Throws `sink_unwritable` if it is not a plain file (a rename would replace a device).
 */
const realDestination = async (path: string): Promise<string> => {
  if (!isAbsolute(path)) throw sinkError(path, 'the path is not absolute');
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
};

const lstatOrNull = async (path: string) => {
  try {
    return await lstat(path);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return null;
    throw error;
  }
};

/** Creates no folders; if the target's is missing, checks the nearest parent. */
const probe = async (destination: string, target: string): Promise<void> => {
  const folder = await nearestFolder(dirname(destination), target);
  const path = join(folder, draftNameOf(basename(destination)));
  try {
    const handle = await open(path, 'wx', FILE_MODE);
    try {
      // A full disk often fails only at a real write.
      await handle.writeFile('rowmill');
      await handle.sync();
    } finally {
      await handle.close();
    }
  } finally {
    await rm(path, { force: true });
  }
};

const nearestFolder = async (path: string, target: string): Promise<string> => {
  try {
    if ((await stat(path)).isDirectory()) return path;
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT' || dirname(path) === path) throw error;
    return nearestFolder(dirname(path), target);
  }
  throw sinkError(target, `${path} is a file, not a folder`);
};

const sizeOf = async (path: string): Promise<number | null> => {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return null;
    throw error;
  }
};

/** Files on disk. */
export const diskFiles: TargetFiles = {
  destination: realDestination,
  probe,
  size: sizeOf,
  text: (path) => readFile(path, 'utf8'),
  lines: readLines,
  open: openAtomicFile,
  move: async (from, to) => {
    await fence().change(() => rename(from, to));
    await syncFolder(dirname(to));
  },
  remove: async (path) => {
    if ((await sizeOf(path)) === null) return;
    await fence().change(() => rm(path, { force: true }));
    await syncFolder(dirname(path));
  },
  removeDrafts: (path) => removeLeftovers(dirname(path), { name: basename(path) }),
};

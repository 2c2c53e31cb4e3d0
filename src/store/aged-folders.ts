import { readdir, rename, rm, rmdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { RUN_FILE } from '../contract/names.ts';
import { objectsUnder, removeObject } from '../s3/objects.ts';
import { mapAtOnce } from './at-once.ts';
import { errnoOf } from './disk-error.ts';
import { draftNameOf } from './leftovers.ts';
import { LAYOUT } from './layout.ts';
import type { AgedFolder, AgedPart } from './store.ts';

/** Levels of folders from the root of the store to a folder of the part. */
const LEVELS: Record<AgedPart, number> = { runs: 3, staged: 2 };

/** File found in the store. */
interface FoundFile {
  /** Names from the root of the store. */
  names: readonly string[];
  bytes: number;
  modifiedMs: number;
}

/** Adds up files by their folder. */
function byFolder(part: AgedPart, files: Iterable<FoundFile>): AgedFolder[] {
  const folders = new Map<string, AgedFolder>();
  for (const { names, bytes, modifiedMs } of files) {
    const own = names.slice(0, LEVELS[part]);
    if (names.length <= own.length) continue;
    const known = folders.get(own.join('/')) ?? { names: own, bytes: 0, writtenAtMs: 0 };
    folders.set(own.join('/'), {
      names: own,
      bytes: known.bytes + bytes,
      writtenAtMs: Math.max(known.writtenAtMs, modifiedMs),
    });
  }
  return [...folders.values()];
}

/** Lists the folders of a part in a store on disk. */
export async function agedOnDisk(root: string, part: AgedPart): Promise<AgedFolder[]> {
  const files: FoundFile[] = [];
  const visit = async (names: readonly string[]): Promise<void> => {
    for (const entry of await entriesOf(join(root, ...names))) {
      const own = [...names, entry.name];
      if (entry.isDirectory()) await visit(own);
      else {
        // Another process may have just renamed it.
        const found = await stat(join(root, ...own)).catch(() => null);
        if (found !== null) {
          files.push({ names: own, bytes: found.size, modifiedMs: found.mtimeMs });
        }
      }
    }
  };
  await visit([LAYOUT[part]]);
  return byFolder(part, files);
}

const entriesOf = async (path: string) => {
  try {
    return await readdir(path, { withFileTypes: true });
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [];
    throw error;
  }
};

/** Removes a folder: renamed first, so that no reader finds a part of it. */
export async function removeFromDisk(root: string, names: readonly string[]): Promise<void> {
  const path = join(root, ...names);
  const gone = join(root, draftNameOf('removed'));
  try {
    await rename(path, gone);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return;
    throw error;
  }
  await rm(gone, { recursive: true, force: true });
  // The folder of a workflow, once it has no run.
  if (names.length === LEVELS.runs) await rmdir(dirname(path)).catch(() => undefined);
}

/** Lists the folders of a part in a bucket. `root` is empty or the store's prefix. @throws S3Fault */
export async function agedInBucket(
  bucket: string,
  root: string,
  part: AgedPart,
): Promise<AgedFolder[]> {
  const above = root === '' ? '' : `${root}/`;
  const objects = await objectsUnder(bucket, `${above}${LAYOUT[part]}/`);
  return byFolder(
    part,
    objects.map(({ key, bytes, modifiedMs }) => ({
      names: key.slice(above.length).split('/'),
      bytes,
      modifiedMs,
    })),
  );
}

/** Files without which readers find no run, and no frozen input. */
const FIRST: readonly string[] = [RUN_FILE.pipeline, RUN_FILE.rows];

/** Removes a folder: first what makes readers find it. @throws S3Fault */
export async function removeFromBucket(bucket: string, folder: string): Promise<void> {
  const keys = (await objectsUnder(bucket, `${folder}/`)).map(({ key }) => key);
  const first = FIRST.map((name) => `${folder}/${name}`).filter((key) => keys.includes(key));
  for (const key of first) await removeObject({ bucket, key });
  const rest = keys.filter((key) => !first.includes(key));
  await mapAtOnce(rest, AT_ONCE, (key) => removeObject({ bucket, key }));
}

const AT_ONCE = 16;

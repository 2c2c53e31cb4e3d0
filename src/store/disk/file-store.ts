import { chmod, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { RowmillError } from '../../errors.ts';
import { LAYOUT, pipelineFolder, runFolder, stagedFolder, workflowIdsIn } from '../layout.ts';
import { safeName } from '../safe-name.ts';
import { stageOf } from '../staging.ts';
import type { Store } from '../store.ts';
import { agedOnDisk, removeFromDisk } from './aged-folders.ts';
import { errnoOf, reading, writing } from './disk-error.ts';
import { createFileFolder } from './file-folder.ts';
import { FILE_MODE, FOLDER_MODE, makeFolder, syncFolder } from './folders.ts';
import { draftNameOf, isDraftName, removeLeftovers } from './temp-files.ts';

const PROBE = 'rowmill can write here';

/**
 * Creates the store in a folder on disk: `runs/<workflow id>/<first run id>/…`, `staged/<hex
 * digest>/…`, `claims/…`, `pipelines/<owner>/<name>/…`,
 * `ledger/<day>/…` and `paces/<token>/…`, readable only by the owner. The folder is created at the
 * first write.
 */
export const createFileStore = (root: string): Store => {
  const location = resolve(root);
  let prepared: Promise<void> | null = null;
  const prepare = (): Promise<void> => {
    prepared ??= writing(location, () => prepareRoot(location)).catch((error: unknown) => {
      // Let the next attempt check again: an operator may have fixed the problem.
      prepared = null;
      throw error;
    });
    return prepared;
  };

  const draftStage: Store['draftStage'] = async (name, fill) => {
    // The final name is known only after writing: a draft folder is renamed like a draft file.
    const path = join(location, LAYOUT.staged, draftNameOf('rows'));
    try {
      const folder = createFileFolder(path, prepare);
      const filled = await fill(await folder.create(name), folder);
      return { filled, draft: { path, name, digest: filled.digest } };
    } catch (error) {
      await rm(path, { recursive: true, force: true });
      throw error;
    }
  };
  const keepDraft: Store['keepDraft'] = async ({ path, digest }) => {
    const target = join(location, ...stagedFolder(digest, location));
    await writing(target, () => keepFirst(path, target));
  };
  const dropDraft: Store['dropDraft'] = ({ path }) => rm(path, { recursive: true, force: true });
  return {
    location,
    run: (key) => createFileFolder(join(location, ...runFolder(key)), prepare),
    firstRuns: (workflowId) => foldersIn(join(location, LAYOUT.runs, safeName(workflowId))),
    workflowIds: async (prefix) =>
      workflowIdsIn(await foldersIn(join(location, LAYOUT.runs)), prefix),
    pipeline: (key) => createFileFolder(join(location, ...pipelineFolder(key)), prepare),
    claims: createFileFolder(join(location, LAYOUT.claims), prepare),
    pipelines: createFileFolder(join(location, LAYOUT.pipelines), prepare),
    aged: (part) => reading(location, () => agedOnDisk(location, part)),
    folderOf: ({ names }) => createFileFolder(join(location, ...names), prepare),
    discard: ({ names }) => writing(location, () => removeFromDisk(location, names)),
    ledger: createFileFolder(join(location, LAYOUT.ledger), prepare),
    paces: createFileFolder(join(location, LAYOUT.paces), prepare),
    staged: (digest) =>
      createFileFolder(join(location, ...stagedFolder(digest, location)), prepare),
    stage: stageOf({ draftStage, keepDraft, dropDraft }),
    draftStage,
    keepDraft,
    dropDraft,
    checkWritable: async () => {
      await prepare();
      await writing(location, () => probe(location));
    },
  };
};

/** Lists run ids: a plain name, like Temporal's run ids, is the name of its folder. */
const foldersIn = (path: string): Promise<string[]> =>
  reading(path, async () => {
    try {
      const entries = await readdir(path, { withFileTypes: true });
      return entries.flatMap((entry) => (entry.isDirectory() ? [entry.name] : []));
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return [];
      throw error;
    }
  });

/** Keeps an existing folder of the same digest: both contain the same bytes. */
const keepFirst = async (from: string, to: string): Promise<void> => {
  try {
    await rename(from, to);
  } catch (error) {
    if (!['ENOTEMPTY', 'EEXIST', 'EPERM'].includes(errnoOf(error) ?? '')) throw error;
    await stat(to);
  }
  await syncFolder(dirname(to));
};

const prepareRoot = async (root: string): Promise<void> => {
  await makeFolder(root);
  // A folder with other content keeps its permissions.
  const entries = await readdir(root);
  const ours = Object.values<string>(LAYOUT).filter((name) => entries.includes(name));
  if (entries.every((name) => ours.includes(name) || isDraftName(name))) await restrict(root);
  for (const name of ours) await restrict(join(root, name));
  await removeLeftovers(root);
  if (ours.includes(LAYOUT.staged)) await removeLeftovers(join(root, LAYOUT.staged));
};

/** Removes access of group and others, if this process may. */
const restrict = async (path: string): Promise<void> => {
  const { mode } = await stat(path);
  if ((mode & 0o077) === 0) return;
  try {
    await chmod(path, FOLDER_MODE);
  } catch (error) {
    // The folder has another owner, or the file system no modes: a later write fails if that
    // matters.
    if (!['EPERM', 'EROFS', 'ENOTSUP'].includes(errnoOf(error) ?? '')) throw error;
  }
};

const probe = async (root: string): Promise<void> => {
  // The folder may have been removed since it was prepared.
  await makeFolder(root);
  const path = join(root, draftNameOf('probe'));
  try {
    const handle = await open(path, 'wx', FILE_MODE);
    try {
      await handle.writeFile(PROBE);
      await handle.sync();
    } finally {
      await handle.close();
    }
    if ((await readFile(path, 'utf8')) !== PROBE) {
      throw new RowmillError('store_unwritable', 'what was written does not read back', {
        where: path,
      });
    }
  } finally {
    await rm(path, { force: true }).catch(() => undefined);
  }
};

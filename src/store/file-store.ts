import { chmod, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { RowmillError } from '../errors.ts';
import { errnoOf, reading, writing } from './disk-error.ts';
import { createFileFolder } from './file-folder.ts';
import { FILE_MODE, FOLDER_MODE, makeFolder, syncFolder } from './folders.ts';
import { draftNameOf, isDraftName, removeLeftovers } from './leftovers.ts';
import { safeName } from './safe-name.ts';
import type { Store } from './store.ts';

const RUNS = 'runs';
const STAGED = 'staged';
const CLAIMS = 'claims';
const LEDGER = 'ledger';
const PIPELINES = 'pipelines';
const DIGEST = /^(?:sha256:)?([0-9a-f]{64})$/;
const PROBE = 'rowmill can write here';

/**
 * Creates the store in a folder on disk: `runs/<workflow id>/<first run id>/…`, `staged/<hex
 * digest>/…`, `claims/…`, `pipelines/<owner>/<name>/…` and `ledger/<day>/…`, readable only by the owner. The folder is created at the
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
    const path = join(location, STAGED, draftNameOf('rows'));
    try {
      const folder = createFileFolder(path, prepare);
      const filled = await fill(await folder.create(name), folder);
      return { filled, draft: { path, digest: filled.digest } };
    } catch (error) {
      await rm(path, { recursive: true, force: true });
      throw error;
    }
  };
  const keepDraft: Store['keepDraft'] = async ({ path, digest }) => {
    const target = stagedPath(location, digest);
    await writing(target, () => keepFirst(path, target));
  };
  const dropDraft: Store['dropDraft'] = ({ path }) => rm(path, { recursive: true, force: true });
  return {
    location,
    run: ({ workflowId, firstRunId }) =>
      createFileFolder(join(location, RUNS, safeName(workflowId), safeName(firstRunId)), prepare),
    firstRuns: (workflowId) => foldersIn(join(location, RUNS, safeName(workflowId))),
    workflowIds: async (prefix) =>
      (await foldersIn(join(location, RUNS))).filter(
        (name) => name.startsWith(prefix) && safeName(name) === name,
      ),
    pipeline: ({ pipeline, owner }) => {
      const ofOwner = owner === null ? 'no-owner' : `owner~${safeName(`owner ${owner}`)}`;
      return createFileFolder(join(location, PIPELINES, ofOwner, safeName(pipeline)), prepare);
    },
    claims: createFileFolder(join(location, CLAIMS), prepare),
    ledger: createFileFolder(join(location, LEDGER), prepare),
    staged: (digest) => createFileFolder(stagedPath(location, digest), prepare),
    stage: async (name, fill) => {
      const { filled, draft } = await draftStage(name, fill);
      try {
        await keepDraft(draft);
        return filled;
      } finally {
        await dropDraft(draft);
      }
    },
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

const stagedPath = (location: string, digest: string): string => {
  const hex = DIGEST.exec(digest)?.[1];
  if (hex !== undefined) return join(location, STAGED, hex);
  throw new RowmillError('store_unreadable', `"${digest.slice(0, 80)}" is not a digest`, {
    where: location,
    remedy: 'Send the digest as `sha256:` and 64 hex digits.',
  });
};

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
  const ours = [RUNS, STAGED, CLAIMS, LEDGER, PIPELINES].filter((name) => entries.includes(name));
  if (entries.every((name) => ours.includes(name) || isDraftName(name))) await restrict(root);
  for (const name of ours) await restrict(join(root, name));
  await removeLeftovers(root);
  if (ours.includes(STAGED)) await removeLeftovers(join(root, STAGED));
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

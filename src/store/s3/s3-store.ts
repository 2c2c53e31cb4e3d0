import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RowmillError } from '../../errors.ts';
import { readS3Address, s3Address, type S3Place } from '../../s3/address.ts';
import { foldersUnder, getObject, keysUnder, putObject, removeObject } from '../../s3/objects.ts';
import { writing } from '../disk/disk-error.ts';
import { createFileFolder } from '../disk/file-folder.ts';
import { LAYOUT, pipelineFolder, runFolder, stagedFolder, workflowIdsIn } from '../layout.ts';
import { safeName } from '../safe-name.ts';
import { stageOf } from '../staging.ts';
import type { Folder, Store } from '../store.ts';
import { agedInBucket, removeFromBucket } from './aged-folders.ts';
import { askingS3 } from './s3-error.ts';
import { createS3Folder } from './s3-folder.ts';

/** Time for which a successful check stands, in ms: each one is four requests that cost money. */
const CHECKED_FOR_MS = 60_000;
const PROBE = 'rowmill can write here';

/**
 * Creates the store at an address such as `s3://bucket/prefix`, with the layout of the store on
 * disk. The server and the credentials are those that the AWS SDK finds. Connects at first use.
 * @throws RowmillError `usage` for an address that names no bucket
 */
export const createS3Store = (address: string): Store => {
  const root = readS3Address(address);
  if (typeof root === 'string') {
    throw new RowmillError('usage', `ROWMILL_STORE is no place on S3: ${root}`, {
      where: address.slice(0, 200),
      remedy: 'Give `s3://bucket` or `s3://bucket/prefix`.',
    });
  }
  const { bucket } = root;
  const location = s3Address(root);
  const keyOf = (segments: readonly string[]): string =>
    [...(root.key === '' ? [] : [root.key]), ...segments].join('/');
  const folderAt = (segments: readonly string[]): Folder =>
    createS3Folder({ bucket, key: keyOf(segments) });
  const foldersIn = async (segments: readonly string[]): Promise<string[]> => {
    const prefix = `${keyOf(segments)}/`;
    const found = await askingS3(location, () => foldersUnder(bucket, prefix));
    return found.map((folder) => folder.slice(prefix.length, -1));
  };

  // Rows are written to this machine's disk first: their name is known only after writing, and a
  // bucket has no rename.
  const draftStage: Store['draftStage'] = async (name, fill) => {
    const path = await writing(tmpdir(), () => mkdtemp(join(tmpdir(), 'rowmill-rows-')));
    try {
      const folder = createFileFolder(path, () => Promise.resolve());
      const filled = await fill(await folder.create(name), folder);
      return { filled, draft: { path, name, digest: filled.digest } };
    } catch (error) {
      await rm(path, { recursive: true, force: true });
      throw error;
    }
  };
  const keepDraft: Store['keepDraft'] = async ({ path, name, digest }) => {
    const target = folderAt(stagedFolder(digest, location));
    // The same digest, and so the same bytes.
    if (await target.exists(name)) return;
    const draft = createFileFolder(path, () => Promise.resolve());
    const others = (await draft.list('')).filter((each) => each !== name);
    for (const each of [...others, name]) await copyFile(draft, each, target);
  };
  const dropDraft: Store['dropDraft'] = ({ path }) => rm(path, { recursive: true, force: true });

  let checkedAtMs = -Infinity;
  return {
    location,
    run: (key) => folderAt(runFolder(key)),
    firstRuns: (workflowId) => foldersIn([LAYOUT.runs, safeName(workflowId)]),
    workflowIds: async (prefix) => workflowIdsIn(await foldersIn([LAYOUT.runs]), prefix),
    pipeline: (key) => folderAt(pipelineFolder(key)),
    claims: folderAt([LAYOUT.claims]),
    pipelines: folderAt([LAYOUT.pipelines]),
    aged: (part) => askingS3(location, () => agedInBucket(bucket, root.key, part)),
    folderOf: ({ names }) => folderAt(names),
    discard: ({ names }) => askingS3(location, () => removeFromBucket(bucket, keyOf(names))),
    ledger: folderAt([LAYOUT.ledger]),
    paces: folderAt([LAYOUT.paces]),
    staged: (digest) => folderAt(stagedFolder(digest, location)),
    stage: stageOf({ draftStage, keepDraft, dropDraft }),
    draftStage,
    keepDraft,
    dropDraft,
    checkWritable: async () => {
      if (performance.now() - checkedAtMs < CHECKED_FOR_MS) return;
      await askingS3(location, () => probe({ bucket, key: keyOf([`.probe-${randomUUID()}`]) }));
      checkedAtMs = performance.now();
    },
  };
};

async function copyFile(from: Folder, name: string, to: Folder): Promise<void> {
  const draft = await to.create(name);
  try {
    for await (const line of from.lines(name)) await draft.line(line);
    await draft.commit();
  } finally {
    await draft.discard();
  }
}

/** Makes every kind of request that a run makes, so that each missing permission is named. */
async function probe(place: S3Place): Promise<void> {
  await putObject(place, PROBE);
  try {
    if ((await getObject(place))?.text !== PROBE) {
      throw new RowmillError('store_unwritable', 'what was written does not read back', {
        where: s3Address(place),
      });
    }
    await keysUnder(place.bucket, place.key);
  } catch (error) {
    await removeObject(place).catch(() => undefined);
    throw error;
  }
  await removeObject(place);
}

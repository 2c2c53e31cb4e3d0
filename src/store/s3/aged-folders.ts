import { RUN_FILE } from '../../contract/names.ts';
import { objectsUnder, removeObject } from '../../s3/objects.ts';
import { byFolder, PART_FOLDER } from '../aged-folders.ts';
import { mapAtOnce } from '../at-once.ts';
import type { AgedFolder, AgedPart } from '../store.ts';

/** Lists the folders of a part in a bucket. `root` is empty or the store's prefix. @throws S3Fault */
export async function agedInBucket(
  bucket: string,
  root: string,
  part: AgedPart,
): Promise<AgedFolder[]> {
  const above = root === '' ? '' : `${root}/`;
  const objects = await objectsUnder(bucket, `${above}${PART_FOLDER[part]}/`);
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

import { basename, dirname } from 'node:path';
import { joinPlace } from '../../paths/place.ts';
import { isS3, readS3Address, type S3Place } from '../../s3/address.ts';
import { S3Fault } from '../../s3/fault.ts';
import {
  getObject,
  moveObject,
  objectsUnder,
  putObject,
  readObject,
  removeObject,
  sizeOfObject,
} from '../../s3/objects.ts';
import { openUpload } from '../../s3/upload.ts';
import {
  beginningOfDrafts,
  draftNameOf,
  isDraftName,
  isLeftover,
} from '../../store/disk/temp-files.ts';
import { linesIn } from '../../store/disk/lines.ts';
import { s3SinkError, sinkError } from '../port/sink-error.ts';
import type { TargetFiles } from './target-files.ts';

export const placeAt = (path: string): S3Place => {
  const place = isS3(path) ? readS3Address(path) : 'it is no address on S3';
  if (typeof place === 'string') throw sinkError(path, place);
  if (place.key === '') throw sinkError(path, 'it is a bucket, not a file');
  return place;
};

async function* piecesOf(path: string): AsyncGenerator<Buffer> {
  try {
    yield* readObject(placeAt(path));
  } catch (error) {
    throw error instanceof S3Fault ? s3SinkError(path, error) : error;
  }
}

/**
 * Writes a file twice on the condition that there is none: the locks of targets rest on a server that
 * refuses the second one.
 */
const probe = async (destination: string, target: string): Promise<void> => {
  const place = placeAt(joinPlace(dirname(destination), draftNameOf(basename(destination))));
  await putObject(place, 'rowmill', 'absent');
  try {
    const refusesTwice = await putObject(place, 'rowmill', 'absent').then(
      () => false,
      (error: unknown) => {
        if (error instanceof S3Fault && error.kind === 'taken') return true;
        throw error;
      },
    );
    if (!refusesTwice) {
      throw sinkError(target, 'the S3 server knows no conditional writes (If-None-Match)');
    }
  } catch (error) {
    await removeObject(place).catch(() => undefined);
    throw error;
  }
  await removeObject(place);
};

const removeDrafts = async (path: string): Promise<void> => {
  const drafts = placeAt(joinPlace(dirname(path), beginningOfDrafts(basename(path))));
  for (const { key, modifiedMs } of await objectsUnder(drafts.bucket, drafts.key)) {
    if (isDraftName(basename(key)) && isLeftover(modifiedMs)) {
      await removeObject({ bucket: drafts.bucket, key });
    }
  }
};

/** Files on S3. */
export const s3Files: TargetFiles = {
  destination: async (path) => {
    await Promise.resolve(placeAt(path));
    return path;
  },
  probe,
  size: async (path) => sizeOfObject(placeAt(path)),
  text: async (path) => (await getObject(placeAt(path)))?.text ?? '',
  lines: (path) => linesIn(piecesOf(path)),
  open: async (path) => openUpload(placeAt(path)),
  move: async (from, to) => moveObject(placeAt(from), placeAt(to)),
  remove: async (path) => removeObject(placeAt(path)),
  removeDrafts,
};

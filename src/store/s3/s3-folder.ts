import { Readable } from 'node:stream';
import { s3Address, type S3Place } from '../../s3/address.ts';
import { keysUnder, putObject, readObject, removeObject, sizeOfObject } from '../../s3/objects.ts';
import { openUpload } from '../../s3/upload.ts';
import { draftOf } from '../disk/draft.ts';
import { linesIn } from '../disk/lines.ts';
import { foldersOf, jsonText, parseJson, refuseRange, segmentsOf } from '../file-names.ts';
import type { Draft, Folder } from '../store.ts';
import { askingS3, s3StoreError } from './s3-error.ts';

/** Creates a folder of the store on S3: the objects whose keys begin with `key` and a slash. */
export const createS3Folder = ({ bucket, key }: S3Place): Folder => {
  const placeOf = (name: string): S3Place => ({
    bucket,
    key: `${key}/${segmentsOf(name).join('/')}`,
  });
  const locate = (name: string): string => s3Address(placeOf(name));
  const size = async (name: string): Promise<number | null> => {
    const place = placeOf(name);
    return askingS3(s3Address(place), () => sizeOfObject(place));
  };

  return {
    path: s3Address({ bucket, key }),
    locate,
    size,
    exists: async (name) => (await size(name)) !== null,
    list: async (prefix) => {
      foldersOf(prefix);
      const from = `${key}/${prefix}`;
      const keys = await askingS3(s3Address({ bucket, key: from }), () => keysUnder(bucket, from));
      return keys.map((found) => found.slice(key.length + 1));
    },
    remove: async (name) => {
      const place = placeOf(name);
      await askingS3(s3Address(place), () => removeObject(place));
    },
    read: (name, range) => {
      const place = placeOf(name);
      refuseRange(range, s3Address(place));
      return Readable.from(piecesOf(place, range), { objectMode: false });
    },
    visit: async (name, visit) => {
      for await (const piece of piecesOf(placeOf(name))) await visit(piece);
    },
    lines: (name) => linesIn(piecesOf(placeOf(name))),
    readJson: async (name) => {
      const pieces: Buffer[] = [];
      for await (const piece of piecesOf(placeOf(name))) pieces.push(piece);
      return parseJson(Buffer.concat(pieces).toString('utf8'), locate(name));
    },
    writeJson: async (name, value) => {
      const text = jsonText(name, value);
      const place = placeOf(name);
      await askingS3(s3Address(place), () => putObject(place, text));
    },
    create: async (name) => openS3Draft(placeOf(name)),
  };
};

/** Reads an object; the errors name its address. */
async function* piecesOf(
  place: S3Place,
  range?: { start: number; end: number },
): AsyncGenerator<Buffer> {
  try {
    yield* readObject(place, range);
  } catch (error) {
    throw s3StoreError(s3Address(place), error);
  }
}

/** Opens a draft of lines that becomes an object on commit. */
async function openS3Draft(place: S3Place): Promise<Draft> {
  const where = s3Address(place);
  const upload = await askingS3(where, () => openUpload(place));
  return draftOf(where, {
    write: (chunk) => askingS3(where, () => upload.write(chunk)),
    commit: () => askingS3(where, () => upload.commit()),
    discard: () => upload.discard(),
  });
}

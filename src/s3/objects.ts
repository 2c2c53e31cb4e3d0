import { setTimeout as sleep } from 'node:timers/promises';
import type { GetObjectCommandOutput, ListObjectsV2CommandOutput } from '@aws-sdk/client-s3';
import type { S3Place } from './address.ts';
import { s3Request } from './client.ts';
import { faultOf, S3Fault } from './fault.ts';
import { openUpload } from './upload.ts';

/** Bytes of one request for a part of an object, and so in memory while it is read. */
const CHUNK_BYTES = 4 * 1024 * 1024;

/** Attempts to read a chunk whose answer is cut off; the SDK repeats only requests without one. */
const CHUNK_ATTEMPTS = 4;
const CHUNK_PAUSE_MS = 200;

/** Returns the size of an object in bytes, or `null` without it. @throws S3Fault */
export async function sizeOfObject({ bucket, key }: S3Place): Promise<number | null> {
  try {
    const head = await s3Request('read', bucket, ({ sdk, client }) =>
      client.send(new sdk.HeadObjectCommand({ Bucket: bucket, Key: key })),
    );
    return head.ContentLength ?? 0;
  } catch (error) {
    if (!(error instanceof S3Fault)) throw error;
    if (error.kind === 'missing') return null;
    // The answer to HEAD has no body, and so no reason: a read of the object has one.
    if (error.kind === 'denied' || error.kind === 'refused') {
      await readObject({ bucket, key }, { start: 0, end: 1 }).next();
    }
    throw error;
  }
}

/**
 * Reads the bytes [start, end) of an object in chunks, to its end if it is shorter. No connection
 * stays open between two chunks, so a slow reader costs nothing. All chunks are of one version.
 * @throws S3Fault `taken` if the object was replaced meanwhile
 */
export async function* readObject(
  place: S3Place,
  { start, end }: { start: number; end: number } = { start: 0, end: Infinity },
): AsyncGenerator<Buffer> {
  let at = start;
  let version: string | undefined;
  while (at < end) {
    const chunk = await readChunk(place, at, Math.min(at + CHUNK_BYTES, end), version);
    if (chunk.bytes.length === 0) return;
    // Some servers pass over the condition of a read.
    if (version !== undefined && chunk.version !== version) throw replacedMeanwhile(place.bucket);
    version = chunk.version;
    at += chunk.bytes.length;
    yield chunk.bytes;
    if (at >= chunk.total) return;
  }
}

interface Chunk {
  bytes: Buffer;
  /** Size of the whole object. */
  total: number;
  version: string | undefined;
}

async function readChunk(
  { bucket, key }: S3Place,
  start: number,
  end: number,
  version: string | undefined,
): Promise<Chunk> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await s3Request('read', bucket, async ({ sdk, client }) =>
        chunkOf(
          await client.send(
            new sdk.GetObjectCommand({
              Bucket: bucket,
              Key: key,
              Range: `bytes=${start}-${end - 1}`,
              ...(version === undefined ? {} : { IfMatch: version }),
            }),
          ),
        ),
      );
    } catch (error) {
      if (isBehindTheEnd(error)) {
        // After a first chunk there was more to come.
        if (version !== undefined) throw replacedMeanwhile(bucket);
        return { bytes: Buffer.alloc(0), total: 0, version };
      }
      const isLost = error instanceof S3Fault && error.kind === 'unreachable';
      if (!isLost || attempt >= CHUNK_ATTEMPTS) throw error;
      await sleep(CHUNK_PAUSE_MS * 2 ** attempt);
    }
  }
}

async function chunkOf({ Body, ContentLength, ContentRange, ETag }: GetObjectCommandOutput) {
  const bytes = Buffer.from((await Body?.transformToByteArray()) ?? []);
  if (ContentLength !== undefined && bytes.length < ContentLength) {
    // An answer cut off in the middle ends like a whole one on some connections.
    throw Object.assign(new Error('premature end'), { code: 'ECONNRESET' });
  }
  const total = Number(/\/(\d+)$/.exec(ContentRange ?? '')?.[1] ?? bytes.length);
  return { bytes, total, version: ETag };
}

const replacedMeanwhile = (bucket: string): S3Fault =>
  faultOf(Object.assign(new Error('replaced'), { name: 'PreconditionFailed' }), 'read', bucket);

/** No byte lies in the range: an empty object, or one that is shorter. */
const isBehindTheEnd = (error: unknown): boolean =>
  error instanceof S3Fault &&
  typeof error.cause === 'object' &&
  error.cause !== null &&
  'name' in error.cause &&
  error.cause.name === 'InvalidRange';

/** Lists the objects whose keys begin with `prefix`, with size and time of writing. @throws S3Fault */
export const objectsUnder = (
  bucket: string,
  prefix: string,
): Promise<{ key: string; bytes: number; modifiedMs: number }[]> =>
  listed(bucket, { Prefix: prefix }, ({ Contents = [] }) =>
    Contents.flatMap(({ Key: key, Size: bytes = 0, LastModified }) =>
      key === undefined ? [] : [{ key, bytes, modifiedMs: LastModified?.getTime() ?? Infinity }],
    ),
  );

/** Lists the keys that begin with `prefix`, sorted. @throws S3Fault */
export const keysUnder = async (bucket: string, prefix: string): Promise<string[]> =>
  (await objectsUnder(bucket, prefix)).map(({ key }) => key).sort();

/** Lists the prefixes up to the next `/` behind `prefix`, sorted. @throws S3Fault */
export const foldersUnder = async (bucket: string, prefix: string): Promise<string[]> =>
  (
    await listed(bucket, { Prefix: prefix, Delimiter: '/' }, ({ CommonPrefixes = [] }) =>
      CommonPrefixes.flatMap(({ Prefix }) => Prefix ?? []),
    )
  ).sort();

type ListedPage = Pick<ListObjectsV2CommandOutput, 'Contents' | 'CommonPrefixes'>;

async function listed<T>(
  bucket: string,
  query: { Prefix: string; Delimiter?: string },
  itemsIn: (page: ListedPage) => T[],
): Promise<T[]> {
  const items: T[] = [];
  let token: string | undefined;
  do {
    const from = token;
    const page = await s3Request('list', bucket, ({ sdk, client }) =>
      client.send(
        new sdk.ListObjectsV2Command({
          Bucket: bucket,
          ...query,
          ...(from === undefined ? {} : { ContinuationToken: from }),
        }),
      ),
    );
    items.push(...itemsIn(page));
    token = page.IsTruncated === true ? page.NextContinuationToken : undefined;
  } while (token !== undefined);
  return items;
}

/** Largest object that the server copies in one request, in bytes. */
const MAX_COPY_BYTES = 5 * 1024 ** 3;

/** Replaces an object by another one, atomically; the other one is gone then. @throws S3Fault */
export async function moveObject(from: S3Place, to: S3Place): Promise<void> {
  const bytes = (await sizeOfObject(from)) ?? 0;
  if (bytes > MAX_COPY_BYTES) await sendAgain(from, to);
  else {
    await s3Request('write', to.bucket, ({ sdk, client }) =>
      client.send(
        new sdk.CopyObjectCommand({
          Bucket: to.bucket,
          Key: to.key,
          CopySource: `${from.bucket}/${from.key.split('/').map(encodeURIComponent).join('/')}`,
        }),
      ),
    );
  }
  await removeObject(from);
}

async function sendAgain(from: S3Place, to: S3Place): Promise<void> {
  const upload = await openUpload(to);
  try {
    for await (const chunk of readObject(from)) await upload.write(chunk);
    await upload.commit();
  } finally {
    await upload.discard();
  }
}

/** Removes an object; none is no failure. @throws S3Fault */
export async function removeObject({ bucket, key }: S3Place): Promise<void> {
  await s3Request('delete', bucket, ({ sdk, client }) =>
    client.send(new sdk.DeleteObjectCommand({ Bucket: bucket, Key: key })),
  );
}

/** Condition of a write: there is no object yet, or still the one with this version. */
export type WriteCondition = 'absent' | { version: string };

/**
 * Writes a small object, if the condition holds.
 * @throws S3Fault `taken` if it does not hold
 */
export async function putObject(
  { bucket, key }: S3Place,
  text: string,
  condition?: WriteCondition,
): Promise<void> {
  await s3Request('write', bucket, ({ sdk, client }) =>
    client.send(
      new sdk.PutObjectCommand({
        Bucket: bucket,
        Key: key,
        Body: text,
        ...(condition === 'absent' ? { IfNoneMatch: '*' } : {}),
        ...(typeof condition === 'object' ? { IfMatch: condition.version } : {}),
      }),
    ),
  );
}

/** Reads a small object with its version; `null` without it. @throws S3Fault */
export async function getObject({
  bucket,
  key,
}: S3Place): Promise<{ text: string; version: string | null } | null> {
  try {
    return await s3Request('read', bucket, async ({ sdk, client }) => {
      const found = await client.send(new sdk.GetObjectCommand({ Bucket: bucket, Key: key }));
      const text = (await found.Body?.transformToString('utf8')) ?? '';
      return { text, version: found.ETag ?? null };
    });
  } catch (error) {
    if (error instanceof S3Fault && error.kind === 'missing') return null;
    throw error;
  }
}

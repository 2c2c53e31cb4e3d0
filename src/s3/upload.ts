import { once } from 'node:events';
import { createHash } from 'node:crypto';
import { PassThrough } from 'node:stream';
import type { S3Place } from './address.ts';
import { s3Request } from './client.ts';
import { faultOf } from './fault.ts';

/** S3 takes at most 10,000 parts: 80 GB. A shorter file is a single put. */
const PART_BYTES = 8 * 1024 * 1024;
/** One part is sent while the next one fills. */
const PARTS_AT_ONCE = 2;

/** An object that appears whole on `commit`, or not at all. */
export interface S3Upload {
  write(chunk: Uint8Array): Promise<void>;
  commit(): Promise<{ bytes: number; sha256: string }>;
  /** Leaves nothing behind; does nothing after `commit`. */
  discard(): Promise<void>;
}

/** Opens an upload: a single put, or parts that are completed at the end. @throws S3Fault */
export async function openUpload({ bucket, key }: S3Place): Promise<S3Upload> {
  const hash = createHash('sha256');
  const body = new PassThrough();
  // An error is reported by the upload.
  body.on('error', () => undefined);
  const failed = (error: unknown): Error => faultOf(error, 'write', bucket);
  let bytes = 0;
  let isOpen = true;

  const [{ client }, { Upload }] = await s3Request(
    'write',
    bucket,
    async (s3) => [s3, await import('@aws-sdk/lib-storage')] as const,
  );
  const upload = new Upload({
    client,
    params: { Bucket: bucket, Key: key, Body: body },
    partSize: PART_BYTES,
    queueSize: PARTS_AT_ONCE,
  });
  const sent = s3Request('write', bucket, () => upload.done());
  // Reported by the next call.
  sent.catch((error: unknown) => body.destroy(failed(error)));

  return {
    write: async (chunk) => {
      if (!isOpen) throw new Error('write to a closed upload');
      hash.update(chunk);
      bytes += chunk.length;
      // The caller uses its block again.
      if (body.write(Buffer.from(chunk)) && !body.destroyed) return;
      try {
        await Promise.race([once(body, 'drain'), sent]);
      } catch (error) {
        throw failed(error);
      }
    },
    commit: async () => {
      if (!isOpen) throw new Error('commit of a closed upload');
      isOpen = false;
      body.end();
      try {
        await sent;
      } catch (error) {
        throw failed(error);
      }
      return { bytes, sha256: hash.digest('hex') };
    },
    discard: async () => {
      if (!isOpen) return;
      isOpen = false;
      // Not the upload's own `abort`, which does not wait until its parts are gone.
      body.destroy(new Error('given up'));
      await sent.catch(() => undefined);
    },
  };
}

import { createReadStream } from 'node:fs';
import { S3Client } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import type { Job } from './rows.ts';

/** Uploads the lines with the same library, in parts of the same size. */
export async function bare({ from, to }: Job): Promise<void> {
  const { hostname, pathname } = new URL(to);
  const client = new S3Client({
    forcePathStyle: true,
    requestChecksumCalculation: 'WHEN_REQUIRED',
  });
  const params = { Bucket: hostname, Key: pathname.slice(1), Body: createReadStream(from) };
  await new Upload({ client, params, partSize: 8 * 1024 * 1024, queueSize: 2 }).done();
  client.destroy();
}

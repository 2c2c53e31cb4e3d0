import { once } from 'node:events';
import { startPostgres } from './postgres-server.ts';
import { BUCKET, ROOT_KEY, startS3Server } from './s3-server.ts';

/**
 * Serves a PostgreSQL and an S3 server until its input ends. Prints the variables by which a process
 * finds them, and the bucket.
 */
const [warehouse, s3] = await Promise.all([startPostgres(), startS3Server()]);
const env = {
  ...ROOT_KEY,
  AWS_ENDPOINT_URL: s3.url,
  AWS_REGION: 'us-east-1',
  WAREHOUSE_URL: warehouse.url(),
};
console.log(JSON.stringify({ env, bucket: BUCKET }));
await once(process.stdin.resume(), 'end');
await Promise.all([warehouse.close(), s3.stop()]);

import { afterAll, beforeAll } from '@jest/globals';
import { startS3Server, type S3Server } from '../support/s3-server.ts';
import { storeContract } from './contract.ts';
import { diskStore, s3Store } from './stores.ts';

/** The one contract of every store, over the disk and over a real S3 server. */
storeContract('on disk', diskStore);

let server: S3Server;
beforeAll(async () => {
  server = await startS3Server();
});
afterAll(() => server.stop());

storeContract('on S3', () => s3Store(server));

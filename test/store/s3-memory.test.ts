import { once } from 'node:events';
import { expect, test } from '@jest/globals';
import { startS3Server } from '../support/s3-server.ts';
import { runAlone } from './own-process.ts';
import { s3Store } from './stores.ts';

const MB = 1024 * 1024;

/** The most memory a process took to write and read so many MiB, in bytes. */
const weigh = async (address: string, mib: number): Promise<number> => {
  const args = [address, `${mib}`];
  const child = runAlone('test/store/s3-and-weigh.ts', args, ['--max-old-space-size=60']);
  const chunks = await child.stdout?.toArray();
  if (child.exitCode === null) await once(child, 'exit');
  expect(child.exitCode).toBe(0);
  return Number(chunks?.join(''));
};

test('a file of 240 MB on S3 takes hardly more memory than one of 40 MB', async () => {
  const server = await startS3Server();
  try {
    const { store } = s3Store(server);
    const few = await weigh(store.location, 40);
    const many = await weigh(store.location, 240);
    expect(many - few).toBeLessThan(60 * MB);
  } finally {
    await server.stop();
  }
});

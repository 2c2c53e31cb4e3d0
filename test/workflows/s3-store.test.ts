import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { Rowmill } from '../../src/client/index.ts';
import { pipelineOf } from '../client/backend.ts';
import { startS3Proxy } from '../support/s3-proxy.ts';
import { startS3Server } from '../support/s3-server.ts';
import { eventually } from '../support/eventually.ts';
import { startTestEnv } from '../support/test-env.ts';
import { companies } from '../support/providers/cases.ts';
import { s3Store } from '../store/stores.ts';

test('a run keeps everything on S3, over faults of the server and a change of the worker', async () => {
  const server = await startS3Server();
  const proxy = await startS3Proxy(server.url);
  const { store, again } = s3Store(proxy);
  const testEnv = await startTestEnv({
    sandbox: { failRate: 0, alwaysFailsRate: 0, speed: 60 },
    deps: { store },
  });
  const rowmill = await Rowmill.connect({
    address: process.env['ROWMILL_TEST_TEMPORAL_ADDRESS'] ?? '',
    ignoreProfileFile: true,
    store: store.location,
    taskQueue: testEnv.taskQueue,
    env: {},
  });
  try {
    let asked = 0;
    proxy.fault = ({ method }) => {
      asked += 1;
      if (asked % 11 === 0) return { status: 503, code: 'SlowDown' };
      if (asked % 17 === 0) return { status: 500, code: 'InternalError' };
      return asked % 13 === 0 && method === 'GET' ? { cutAnswerAfter: 10 } : null;
    };
    // Too many for the start request: they travel in the store.
    const rows = companies(150).map((row) => ({ ...row, note: 'x'.repeat(600) }));
    const run = await rowmill.start({
      pipeline: pipelineOf(testEnv, {
        rows: { inline: rows, key: 'Symbol', map: { input: 'Security' } },
      }),
      key: `s3/${testEnv.taskQueue}`,
    });
    await eventually('cells are answered', async () => {
      const { progress } = await run.status();
      return (progress?.cells.done ?? 0) > 0;
    });
    await testEnv.restartWorker();
    expect(await run.wait()).toMatchObject({ outcome: 'completed', cells: { done: 150 } });
    proxy.fault = () => null;

    const found: [string, boolean][] = [];
    for await (const { key, complete } of run.results()) found.push([key, complete]);
    expect(found).toEqual(rows.map(({ Symbol }) => [Symbol, true]));
    // Another process sees the same, and the disk has only the results that were asked for.
    expect(await again().firstRuns(run.id)).toHaveLength(1);
    expect((await readdir(testEnv.folder)).sort()).toEqual(['out']);
    expect((await readdir(join(testEnv.folder, 'out'))).sort()).toEqual([
      'results.changes.jsonl',
      'results.jsonl',
      'results.manifest.json',
    ]);
  } finally {
    await rowmill.close();
    await testEnv.close();
    await proxy.close();
    await server.stop();
  }
});

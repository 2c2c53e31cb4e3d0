import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { Rowmill } from '../../src/client/index.ts';
import type { Store } from '../../src/store/store.ts';
import { readS3Address } from '../../src/s3/address.ts';
import { getObject, keysUnder } from '../../src/s3/objects.ts';
import { pipelineOf } from '../client/backend.ts';
import { startS3Proxy } from '../support/s3-proxy.ts';
import { startS3Server } from '../support/s3-server.ts';
import { eventually } from '../support/eventually.ts';
import { SECTOR, startTestEnv, type TestEnv } from '../support/test-env.ts';
import { companies } from '../support/providers/cases.ts';
import { s3Store } from '../store/stores.ts';

/** The library of a backend that shares the bucket with the worker, and nothing else. */
const connected = (testEnv: TestEnv, store: Store): Promise<Rowmill> =>
  Rowmill.connect({
    address: process.env['ROWMILL_TEST_TEMPORAL_ADDRESS'] ?? '',
    ignoreProfileFile: true,
    store: store.location,
    taskQueue: testEnv.taskQueue,
    env: {},
  });

test('a run keeps everything on S3 across faults and a change of the worker', async () => {
  const server = await startS3Server();
  const proxy = await startS3Proxy(server.url);
  const { store, again } = s3Store(proxy);
  const testEnv = await startTestEnv({
    sandbox: { failRate: 0, alwaysFailsRate: 0, speed: 60 },
    deps: { store },
  });
  const rowmill = await connected(testEnv, store);
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
      'results.report.html',
    ]);
  } finally {
    await rowmill.close();
    await testEnv.close();
    await proxy.close();
    await server.stop();
  }
});

test('rows come from S3 and results go there', async () => {
  const server = await startS3Server();
  const { store, put } = s3Store(server);
  const testEnv = await startTestEnv({
    sandbox: { failRate: 0, alwaysFailsRate: 0 },
    deps: { store },
  });
  const rowmill = await connected(testEnv, store);
  const { run } = pipelineOf(testEnv);
  const lists = `${store.location}-lists`;
  const textOf = async (name: string): Promise<string> => {
    const place = readS3Address(`${lists}/${name}`);
    return (typeof place === 'string' ? null : await getObject(place))?.text ?? '';
  };
  const runWith = async (companies: string) => {
    await put(`${lists}/companies.csv`, `Symbol,Security\n${companies}`);
    const started = await rowmill.start({
      pipeline: {
        name: 'from-s3',
        provider: 'extruct',
        table: { kind: 'company', columns: [SECTOR] },
        rows: { from: `${lists}/companies.csv`, key: 'Symbol', map: { input: 'Security' } },
        results: [{ to: `${lists}/out/r.jsonl` }, { to: `${lists}/out/r.csv` }],
        ...(run === undefined ? {} : { run }),
      },
    });
    expect(await started.wait()).toMatchObject({ outcome: 'completed' });
    return started.id;
  };
  try {
    await runWith('MMM,3M\n');
    expect((await textOf('out/r.jsonl')).trim().split('\n')).toHaveLength(1);
    const second = await runWith('MMM,3M\nAOS,A. O. Smith\n');
    const lines = (await textOf('out/r.jsonl')).trim().split('\n');
    expect(lines.map((line) => (JSON.parse(line) as { key: string }).key)).toEqual(['MMM', 'AOS']);
    expect((await textOf('out/r.csv')).split('\n')[0]).toMatch(/^key,/);
    expect(JSON.parse(await textOf('out/r.manifest.json'))).toMatchObject({ workflowId: second });
    expect(await textOf('out/r.changes.jsonl')).toMatch(/"key":"AOS","change":"new"/);
    const place = readS3Address(`${lists}/out`);
    if (typeof place === 'string') throw new Error(place);
    const names = await keysUnder(place.bucket, `${place.key}/`);
    expect(names.map((name) => name.slice(place.key.length + 1))).toEqual([
      'r.changes.jsonl',
      'r.csv',
      'r.jsonl',
      'r.manifest.json',
      'r.report.html',
    ]);
    // Nothing of it was on the disk of the worker.
    expect(await readdir(testEnv.folder)).toEqual([]);
  } finally {
    await rowmill.close();
    await testEnv.close();
    await server.stop();
  }
});

import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import type { RunProgress, RunSummary } from '../../src/contract/run.ts';
import { storedResults } from '../../src/client/runs/files/stored.ts';
import { eventually } from '../support/eventually.ts';
import { extruct } from '../support/providers/extruct.ts';
import { startPostgres, type PostgresServer } from '../support/postgres-server.ts';
import { pipelineInputFor, startTestEnv, type TestEnv } from '../support/test-env.ts';
import { companies } from '../support/providers/cases.ts';

const ROWS = companies(4);
const RUN = { minPollInterval: '100ms', maxPollInterval: '1s', deadline: '10m' };
const TABLE = { postgres: { urlEnv: 'ROWMILL_TEST_WAREHOUSE', table: 'public.sp500' } };

let server: PostgresServer;
let testEnv: TestEnv;
beforeAll(async () => {
  server = await startPostgres();
  process.env['ROWMILL_TEST_WAREHOUSE'] = server.url();
}, 120_000);
afterAll(async () => {
  delete process.env['ROWMILL_TEST_WAREHOUSE'];
  await server.close();
});
beforeEach(async () => {
  await server.query('DROP TABLE IF EXISTS sp500, _rowmill_runs');
  testEnv = await startTestEnv({ sandbox: { failRate: 0 } });
});
afterEach(() => testEnv.close());

const id = (name: string): string => `${name}-${testEnv.taskQueue}`;
const start = async (name: string, results: unknown[], fields: object = {}) =>
  testEnv.client.workflow.start('enrichTable', {
    workflowId: id(name),
    taskQueue: testEnv.taskQueue,
    args: [await pipelineInputFor(testEnv, ROWS, { run: RUN, results, ...fields })],
  });
const keys = async () =>
  (await server.query('SELECT key FROM sp500 ORDER BY key')).map((r) => r['key']);

test('a run publishes to a table of PostgreSQL alone', async () => {
  const run = await start('table', [TABLE]);
  expect(await run.result()).toMatchObject({
    outcome: 'completed',
    results: [],
    tables: [{ to: 'postgres:ROWMILL_TEST_WAREHOUSE/public.sp500', rows: 4 }],
  });
  expect(await keys()).toEqual(['S0', 'S1', 'S2', 'S3']);
});

test('a table that cannot be written costs no credit', async () => {
  await server.query('CREATE TABLE sp500 (key text)');
  const run = await start('refused', [TABLE]);
  await expect(run.result()).rejects.toMatchObject({
    cause: { message: expect.stringMatching(/unique index on key/) },
  });
  expect(testEnv.sandbox.ledger.summary()).toMatchObject({ tablesCreated: 0, cellsPaid: 0 });
});

test('a list with a row above a page of the server costs no credit', async () => {
  const wide = Object.fromEntries(
    Array.from({ length: 400 }, (_, n) => [`c${n}`, `twenty letters of ${n}`] as const),
  );
  const inline = ROWS.map((row, n) => ({ ...row, ...(n === 2 ? wide : {}) }));
  const rows = { inline, key: 'Symbol', map: extruct.map };
  const run = await start('wide', [TABLE], { rows });
  await expect(run.result()).rejects.toMatchObject({
    cause: { message: expect.stringMatching(/row S2 has at least 8,\d+ bytes .*8,160/) },
  });
  expect(testEnv.sandbox.ledger.summary()).toMatchObject({ tablesCreated: 0, cellsPaid: 0 });
});

test('a column kept from the source that does not fit the table costs no credit', async () => {
  await server.query('CREATE TABLE sp500 (key text PRIMARY KEY, "Since" integer)');
  const inline = ROWS.map((row) => ({ ...row, Since: '2020' }));
  const rows = { inline, key: 'Symbol', map: extruct.map };
  const run = await start('kept', [TABLE], { rows });
  await expect(run.result()).rejects.toMatchObject({
    cause: { message: expect.stringMatching(/Since is int4, the results have text/) },
  });
  expect(testEnv.sandbox.ledger.summary()).toMatchObject({ tablesCreated: 0, cellsPaid: 0 });
});

test('a failing table stops no other target', async () => {
  const to = join(testEnv.folder, 'out', 'results.jsonl');
  const run = await start('failing', [{ to }, TABLE], { spend: { approveAbove: 0 } });
  await eventually('the run has looked at its targets, and waits', async () => {
    return (await run.query<RunProgress>('progress')).stage === 'waiting for approval';
  });
  await server.query('CREATE TABLE sp500 (key text PRIMARY KEY CHECK (length(key) > 5))');
  await run.executeUpdate('approveSpend');
  const summary = (await run.result()) as RunSummary;
  const target = 'postgres:ROWMILL_TEST_WAREHOUSE/public.sp500';
  expect(summary).toMatchObject({
    outcome: 'completed',
    results: [{ path: to, rows: 4 }],
    failedTargets: [
      {
        to: target,
        problem: expect.stringMatching(
          new RegExp(`check constraint.* Then: rowmill publish ${id('failing')}$`),
        ),
      },
    ],
  });
  await access(to);
  const progress = await run.query<RunProgress>('progress');
  expect(progress.failedTargets).toMatchObject([{ to: target }]);

  const stored = await storedResults(testEnv.store, id('failing'));
  const env = process.env;
  expect(await stored?.republish({ env, wanted: 'public.sp500' })).toMatchObject([
    { to: target, problem: { code: 'sink_unwritable' } },
  ]);
  await server.query('DROP TABLE sp500');
  expect(await stored?.republish({ env })).toEqual([
    { to, rows: 4 },
    { to: target, rows: 4 },
  ]);
  expect(await stored?.republish({ env, wanted: 'public.sp500' })).toEqual([
    { to: target, rows: 4, repeated: true },
  ]);
  expect(await keys()).toHaveLength(4);
  await expect(stored?.republish({ env, wanted: 'other' })).rejects.toMatchObject({
    code: 'usage',
  });
});

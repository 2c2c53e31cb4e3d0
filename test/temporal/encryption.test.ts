import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { Client, type WorkflowHandle } from '@temporalio/client';
import { listSchedules } from '../../src/client/schedules/index.ts';
import { Rowmill } from '../../src/client/rowmill.ts';
import { WORKFLOW_TYPE } from '../../src/contract/names.ts';
import type { RunSummary } from '../../src/contract/run.ts';
import { checkKeysInUse } from '../../src/cli/doctor/encryption.ts';
import { dataConverterOf } from '../../src/temporal/data-converter.ts';
import { eventually } from '../support/eventually.ts';
import { plainText } from '../support/invariants/evidence.ts';
import { pipelineInputFor, startTestEnv, type TestEnv } from '../support/test-env.ts';

const keyOf = (id: string): string => `${id}:${randomBytes(32).toString('base64')}`;
const OLD = keyOf('2026-01');
const NEW = keyOf('2026-02');
const PROMPT = 'Which sector is the secret of {company_name} in?';
const ROWS = [
  { Symbol: 'ROWKEY-MMM', Security: 'Confidential 3M' },
  { Symbol: 'ROWKEY-AOS', Security: 'Confidential A. O. Smith' },
];
/** Texts of prompt, rows, paths and errors that a server must not show. */
const SECRETS = [
  'secret of',
  'ROWKEY',
  'Confidential',
  'rowmill-test-env-',
  'results.jsonl',
  'Sector',
];

let testEnv: TestEnv;
beforeAll(async () => {
  testEnv = await startTestEnv({ payloadKeys: OLD, sandbox: { speed: 60, alwaysFailsRate: 0 } });
});
afterAll(() => testEnv.close());

const idOf = (name: string): string => `${name}-${testEnv.taskQueue}`;
const envOf = (keys: string) => ({ ROWMILL_PAYLOAD_KEYS: keys });
/** A client with these keys. */
const clientWith = (keys: string): Client =>
  new Client({
    connection: testEnv.client.connection,
    dataConverter: dataConverterOf(envOf(keys)),
  });
const rowmillWith = (keys: string): Promise<Rowmill> =>
  Rowmill.connect({
    client: clientWith(keys),
    env: envOf(keys),
    store: testEnv.store,
    taskQueue: testEnv.taskQueue,
  });
const pipelineOf = (overrides: Record<string, unknown> = {}) => ({
  name: 'encrypted',
  provider: 'extruct',
  table: {
    columns: [
      {
        kind: 'agent',
        key: 'sector',
        name: 'Sector',
        value: { agent_type: 'research_pro', prompt: PROMPT, output_format: 'text' },
      },
    ],
  },
  rows: { inline: ROWS, key: 'Symbol', map: { input: 'Security' } },
  run: { minPollInterval: '100ms', maxPollInterval: '1s', stallAfter: '20s', deadline: '10m' },
  results: [{ to: join(testEnv.folder, 'out', 'results.jsonl') }],
  ...overrides,
});

/** All that a server holds of a run, as text, with what is base64 in it as text too. */
async function heldBy(handle: WorkflowHandle): Promise<string> {
  const { raw } = await clientWith(OLD).workflow.getHandle(handle.workflowId).describe();
  const client = new Client({ connection: testEnv.client.connection });
  const history = await client.workflow.getHandle(handle.workflowId).fetchHistory();
  return [plainText(raw), plainText(history)].join('\n');
}

const secretsIn = (text: string): string[] => SECRETS.filter((secret) => text.includes(secret));

const start = async (name: string, client = testEnv.client) =>
  client.workflow.start<(input: unknown) => Promise<RunSummary>>(WORKFLOW_TYPE, {
    workflowId: idOf(name),
    taskQueue: testEnv.taskQueue,
    args: [await pipelineInputFor(testEnv, ROWS)],
  });

test('the server holds no prompt, path or row of a run, in progress or ended', async () => {
  const rowmill = await rowmillWith(OLD);
  const run = await rowmill.start({ pipeline: pipelineOf(), id: idOf('read') });
  const handle = testEnv.client.workflow.getHandle(run.id);
  await eventually('a step has sent a heartbeat', async () => {
    const { raw } = await handle.describe();
    return raw.pendingActivities?.some(({ heartbeatDetails }) => heartbeatDetails != null) === true;
  });
  expect(secretsIn(await heldBy(handle))).toEqual([]);
  const live = await run.status();
  expect(live.progress?.pipeline).toBe('encrypted');
  const summary = await run.wait();
  expect(summary).toMatchObject({ outcome: 'completed', rows: 2 });
  const held = await heldBy(handle);
  expect(secretsIn(held)).toEqual([]);
  expect(held.includes('binary/encrypted')).toBe(true);
});

test('the encrypted text of a failure is readable with the keys', async () => {
  const handle = await testEnv.client.workflow.start(WORKFLOW_TYPE, {
    workflowId: idOf('failure'),
    taskQueue: testEnv.taskQueue,
    args: [{ pipeline: pipelineOf({ colour: 'Confidential red' }) }],
  });
  await expect(handle.result()).rejects.toThrow();
  expect(secretsIn(await heldBy(handle))).toEqual([]);
  const status = await (await (await rowmillWith(OLD)).attach(handle.workflowId)).status();
  expect(status.error).toMatchObject({ code: 'spec_invalid' });
  expect(status.error?.what).toContain('colour');
});

test('a command without the key names it', async () => {
  const id = idOf('read');
  for (const keys of ['', NEW]) {
    const rowmill = await rowmillWith(keys);
    await expect(rowmill.attach(id)).rejects.toMatchObject({
      code: 'payload_key_missing',
      what: expect.stringContaining('2026-01'),
      remedy: expect.stringContaining('ROWMILL_PAYLOAD_KEYS'),
    });
  }
});

test('a run whose input the worker cannot decrypt fails before it sends anything', async () => {
  const before = testEnv.sandbox.ledger.summary().requests.total;
  const handle = await start('locked', clientWith(NEW));
  const seen = clientWith(`${OLD},${NEW}`).workflow.getHandle(handle.workflowId);
  await expect(seen.result()).rejects.toMatchObject({
    cause: { type: 'payload_key_missing', message: expect.stringContaining('2026-02') },
  });
  expect(testEnv.sandbox.ledger.summary().requests.total).toBe(before);
});

test('a run started with plain input is encrypted from then on', async () => {
  const plain = new Client({ connection: testEnv.client.connection });
  const { workflowId } = await start('plain', plain);
  const result: unknown = await testEnv.client.workflow.getHandle(workflowId).result();
  expect(result).toMatchObject({ rows: 2 });
  const { events } = await plain.workflow.getHandle(workflowId).fetchHistory();
  expect(secretsIn(plainText(events?.slice(0, 1)))).not.toEqual([]);
  expect(secretsIn(plainText(events?.slice(1)))).toEqual([]);
});

test('a run in progress outlasts a key rotation', async () => {
  const rowmill = await rowmillWith(OLD);
  const run = await rowmill.start({
    pipeline: pipelineOf({ spend: { approveAbove: 0 } }),
    id: idOf('rotation'),
  });
  const stage = async (): Promise<unknown> => (await run.status()).progress?.stage;
  await eventually('it waits', async () => (await stage()) === 'waiting for approval');
  await testEnv.restartWorker(`${NEW},${OLD}`);
  const rotated = await rowmillWith(`${NEW},${OLD}`);
  const same = await rotated.attach(run.id);
  await same.approve();
  expect(await same.wait()).toMatchObject({ outcome: 'completed' });
  const again = await rotated.rerun(run.id);
  expect(await again.wait()).toMatchObject({ outcome: 'completed' });
  // Without the old key.
  expect(await (await (await rowmillWith(NEW)).attach(again.id)).wait()).toMatchObject({ rows: 2 });
});

test('a schedule outlasts a key rotation', async () => {
  const name = `encrypted-nightly-${process.pid}`;
  const schedule = { at: '02:30', timezone: 'UTC' };
  const nightly = { pipeline: pipelineOf({ name, schedule }), owner: 'test' };
  await testEnv.restartWorker(OLD);
  const before = await rowmillWith(OLD);
  expect(await before.schedules.apply(nightly)).toMatchObject({ done: 'created' });
  await testEnv.restartWorker(`${NEW},${OLD}`);
  const after = await rowmillWith(`${NEW},${OLD}`);
  const { workflowId } = await after.schedules.trigger(name);
  expect(await (await after.attach(workflowId)).wait()).toMatchObject({ outcome: 'completed' });
  const [keys] = await checkKeysInUse(clientWith(''), envOf(`${NEW},${OLD}`));
  expect(keys?.text).toContain('2026-01');
  expect(await after.schedules.apply(nightly)).toMatchObject({
    done: 'updated',
    changed: ['encryption'],
  });
  expect((await listSchedules(clientWith(NEW))).map((one) => one.name)).toContain(name);
  await after.schedules.delete(name);
});

test('a run in progress waits for its missing key', async () => {
  await testEnv.restartWorker(OLD);
  const rowmill = await rowmillWith(`${OLD},${NEW}`);
  const run = await rowmill.start({
    pipeline: pipelineOf({ spend: { approveAbove: 0 } }),
    id: idOf('gone'),
  });
  const stage = async (): Promise<unknown> => (await run.status()).progress?.stage;
  await eventually('it waits', async () => (await stage()) === 'waiting for approval');
  await testEnv.restartWorker(NEW);
  const paid = testEnv.sandbox.ledger.summary().cellsPaid;
  await run.cancel();
  await eventually('its status names the key', async () => {
    const { warning } = await run.status();
    return warning?.includes('2026-01') === true;
  });
  expect((await run.status()).run.status).toBe('RUNNING');
  await testEnv.restartWorker(`${NEW},${OLD}`);
  expect(await run.wait()).toMatchObject({ outcome: 'cancelled' });
  expect(testEnv.sandbox.ledger.summary().cellsPaid).toBe(paid);
});

test('a client that does not encrypt is refused where there are keys', async () => {
  const client = new Client({ connection: testEnv.client.connection });
  await expect(Rowmill.connect({ client, env: envOf(OLD) })).rejects.toMatchObject({
    code: 'usage',
    remedy: expect.stringContaining('Rowmill.dataConverter()'),
  });
});

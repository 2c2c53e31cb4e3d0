import { expect, test } from '@jest/globals';
import { mkdir, realpath, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Rowmill } from '../../src/client/rowmill.ts';
import type { RowmillRun } from '../../src/client/rowmill-run.ts';
import { realFootprint } from '../../src/paths/footprint.ts';
import { claimTargets } from '../../src/store/claims.ts';
import { pipelineInputFor } from '../support/test-env.ts';
import { eventually } from '../support/eventually.ts';
import { pipelineOf, type Answer } from './caller.ts';
import { openForTests } from './opened.ts';

const BILLING = 'token-of-billing-000000';
const ALL = 'token-that-may-do-all-0';
const RESULTS = 'out.jsonl';

let folder: string;
const site = openForTests(async (testEnv) => {
  folder = join(await realpath(testEnv.folder), 'files', 'billing');
  await mkdir(folder, { recursive: true });
  const tokens = join(testEnv.folder, 'tokens');
  await writeFile(tokens, `${BILLING} owner=billing\n`);
  return {
    ROWMILL_GATEWAY_TOKENS: ALL,
    ROWMILL_GATEWAY_TOKENS_FILE: tokens,
    ROWMILL_GATEWAY_FILES: join(testEnv.folder, 'files'),
  };
});

const keyOf = (name: string): string => `${name}-${site.testEnv.taskQueue}`;
const call = (token: string, path: string, init: RequestInit = {}): Promise<Answer> => {
  const headers = new Headers(init.headers);
  headers.set('authorization', `Bearer ${token}`);
  return site.caller.call(path, { ...init, headers });
};
const startOfBilling = (key: string): Promise<Answer> =>
  call(BILLING, '/v1/runs', {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': key },
    body: JSON.stringify({
      pipeline: pipelineOf({ results: [{ to: RESULTS }], spend: { approveAbove: 0 } }),
    }),
  });
const statusOf = async (token: string, id: string) => (await call(token, `/v1/runs/${id}`)).json;

/** Starts a run of the operator, whose pipeline publishes into the folder of an owner. */
async function startOfOperator(id: string) {
  const { client, store, taskQueue } = site.testEnv;
  const rowmill = await Rowmill.connect({ client, store, taskQueue });
  const pipeline = pipelineOf({
    results: [{ to: join(folder, RESULTS) }],
    spend: { approveAbove: 0 },
  });
  return rowmill.start({ pipeline: { text: JSON.stringify(pipeline) }, id, fresh: true });
}

/** Registers the run at the target, as it does itself once it is approved. */
async function claim({ id, runId }: RowmillRun): Promise<void> {
  const { results, manifest } = await realFootprint(join(folder, RESULTS));
  const key = { workflowId: id, firstRunId: runId };
  await claimTargets(site.testEnv.store, key, [results, manifest], Date.now() + 3_600_000);
}

const waits = (id: string): Promise<void> =>
  eventually(`${id} waits for an approval`, async () => {
    const { progress } = await statusOf(ALL, id);
    return (progress as { stage?: string } | null)?.stage === 'waiting for approval';
  });

test('a caller of one owner does not learn which other run is at its target', async () => {
  const [operators, own, later] = [keyOf('operators'), keyOf('own'), keyOf('later')];
  const first = await startOfOperator(operators);
  await waits(operators);
  await claim(first);

  const started = await startOfBilling(own);
  expect(started.status).toBe(201);
  expect(started.json['warnings']).toEqual([
    expect.stringMatching(/^another run is in progress and publishes to .*out\.jsonl, too$/),
  ]);
  await waits(own);
  const sameTarget = async (token: string): Promise<unknown> =>
    ((await statusOf(token, own))['progress'] as Record<string, unknown>)['sameTarget'];
  expect(await sameTarget(ALL)).toEqual([operators]);
  expect(await sameTarget(BILLING)).toEqual([null]);
  expect((await startOfBilling(own)).text).not.toContain(operators);

  await first.cancel();
  await first.wait();
  await call(BILLING, `/v1/runs/${own}/approve`, { method: 'POST' });
  const events = await call(BILLING, `/v1/runs/${own}/events`);
  expect(events.text).toContain('event: outcome');
  expect(events.text).not.toContain(operators);
  expect((await statusOf(BILLING, own))['replaced']).toEqual([]);

  const second = await startOfOperator(later);
  await second.approveOnceAsked();
  expect((await second.wait()).outcome).toBe('completed');
  const replaced = async (token: string) => (await statusOf(token, own))['replaced'];
  expect(await replaced(ALL)).toEqual([{ path: expect.any(String), workflowId: later }]);
  expect(await replaced(BILLING)).toEqual([{ path: expect.any(String), workflowId: null }]);
});

test('the status of a run has the warnings about its source, without a path of the host', async () => {
  const source = join(folder, 'twice.csv');
  await writeFile(source, 'Symbol,Security\nMMM,3M\nSymbol,Security\nABT,Abbott\n');
  const input = await pipelineInputFor(site.testEnv, [], {
    rows: { from: source, key: 'Symbol', map: { input: 'Security' } },
  });
  const id = keyOf('warned');
  const run = await site.testEnv.client.workflow.start('enrichTable', {
    workflowId: id,
    taskQueue: site.testEnv.taskQueue,
    args: [input],
  });
  await run.result();
  const { summary } = await statusOf(ALL, id);
  expect(summary).toMatchObject({
    sourceWarnings: [
      expect.stringMatching(/^(files|twice)[^ ]*: the header stands again on line 3: skipped$/),
    ],
  });
});

import { expect, test } from '@jest/globals';
import type { Action, Intercept } from '../../sandbox/index.ts';
import { pipelineInputFor, startTestEnv, executeRun } from '../support/test-env.ts';
import { expectInvariants } from '../support/invariants/index.ts';

const ROWS = [{ Symbol: 'S0', Security: 'Company 0' }];

/** Counts the lookups of a run for its table. */
async function countLookups(intercept: Intercept): Promise<number> {
  const testEnv = await startTestEnv({ sandbox: { failRate: 0, alwaysFailsRate: 0, intercept } });
  try {
    const workflowId = `nothing-sent-${testEnv.taskQueue}`;
    const input = await pipelineInputFor(testEnv, ROWS);
    const ended = await executeRun(testEnv, workflowId, input);
    expect(ended.outcome).toBe('completed');
    const wanted = ROWS.map((row) => ({ key: row.Symbol, input: { input: row.Security } }));
    await expectInvariants(testEnv, { workflowId, pipeline: input.pipeline, wanted, ended });
    const { byRoute } = testEnv.sandbox.ledger.summary().requests;
    return Object.values(byRoute['GET /v1/tables'] ?? {}).reduce((sum, count) => sum + count, 0);
  } finally {
    await testEnv.close();
  }
}

/** Applies an action to the first `times` requests of a method to `/v1/tables`. */
const firstRequests =
  (method: string, times: number, action: Action): Intercept =>
  (seen) => {
    const struck = seen.phase === 'before' && seen.method === method && seen.nth <= times;
    return struck && seen.route === '/v1/tables' ? action : undefined;
  };

const BAD_GATEWAY: Action = {
  do: 'reply',
  status: 502,
  headers: { 'content-type': 'text/html' },
  body: '<h1>Bad</h1>',
};

test('after two attempts that sent nothing, no late table is waited for', async () => {
  expect(await countLookups(firstRequests('GET', 2, BAD_GATEWAY))).toBe(3);
});

test('after a refused create, no late table is waited for', async () => {
  const rateLimited: Action = { do: 'reply', status: 429, headers: {}, body: '{"detail":"slow"}' };
  expect(await countLookups(firstRequests('POST', 1, rateLimited))).toBe(1);
});

test('after an ambiguous create a late table is looked for', async () => {
  expect(await countLookups(firstRequests('POST', 1, { do: 'reset' }))).toBeGreaterThan(6);
});

import { afterEach, expect, test } from '@jest/globals';
import type { Intercept } from '../../sandbox/index.ts';
import { errorOfRun } from '../../src/client/runs/lookup/errors.ts';
import type { RunProgress, RunSummary } from '../../src/contract/run.ts';
import { pipelineInputFor, startTestEnv, type TestEnv } from '../support/test-env.ts';
import { eventually } from '../support/eventually.ts';
import { companies } from '../support/providers/cases.ts';

const ROWS = companies(20);

let testEnv: TestEnv;
afterEach(() => testEnv.close());

test('requests to a cancelled run during its final scan are refused', async () => {
  let release = (): void => undefined;
  // A page is read back before the first paid request as well.
  let isLast = false;
  const released = new Promise<void>((resolve) => (release = resolve));
  const intercept: Intercept = async ({ phase, method, route }) => {
    const isPage = method === 'GET' && route === '/v1/tables/:table_id/data';
    if (isLast && phase === 'before' && isPage) await released;
    return undefined;
  };
  testEnv = await startTestEnv({
    sandbox: { failRate: 0, alwaysFailsRate: 0, speed: 20, concurrency: 2, intercept },
  });
  const workflowId = `ending-${testEnv.taskQueue}`;
  const run = await testEnv.client.workflow.start('enrichTable', {
    workflowId,
    taskQueue: testEnv.taskQueue,
    args: [await pipelineInputFor(testEnv, ROWS)],
  });
  const stage = async (): Promise<string> => (await run.query<RunProgress>('progress')).stage;
  await eventually('cells', () => testEnv.sandbox.ledger.summary().cellsDone > 4);
  isLast = true;
  await run.cancel();
  await eventually('the last table scan', async () => (await stage()) === 'collecting results');

  const asked: [string, object][] = [
    ['adjust', { deadline: '12h' }],
    ['pause', {}],
    ['rerunFailed', {}],
  ];
  for (const [update, input] of asked) {
    const answer = run.executeUpdate<unknown, [object]>(update, { args: [input] });
    const refused = await answer.catch((error: unknown) => error);
    expect(errorOfRun(refused, workflowId).code).toBe('action_refused');
  }
  release();
  expect(((await run.result()) as RunSummary).outcome).toBe('cancelled');
});

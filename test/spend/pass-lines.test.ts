import { afterEach, expect, test } from '@jest/globals';
import type { Intercept } from '../../sandbox/index.ts';
import type { RunProgress } from '../../src/contract/run.ts';
import type { LedgerLine } from '../../src/contract/spend.ts';
import { readLedger } from '../../src/store/ledger.ts';
import { eventually } from '../support/eventually.ts';
import { CASES, companies } from '../support/providers/cases.ts';
import { executeRun, pipelineInputFor, startTestEnv, type TestEnv } from '../support/test-env.ts';

const ROWS = companies(12);
const RUN = 'POST /v1/tables/:table_id/run';

let testEnv: TestEnv;
afterEach(() => testEnv.close());

const linesOf = (): Promise<LedgerLine[]> => readLedger(testEnv.store, null, Date.now());

test('each pass has one line in the ledger', async () => {
  testEnv = await startTestEnv({ sandbox: { failRate: 0.5, alwaysFailsRate: 0 } });
  const id = `lines-${testEnv.taskQueue}`;
  const summary = await executeRun(testEnv, id, await pipelineInputFor(testEnv, ROWS));
  const lines = await linesOf();
  const passes = lines.filter((line) => line.type === 'pass');
  expect(passes.length).toBe(summary.passes);
  expect(passes[0]).toMatchObject({
    run: id,
    pipeline: 'test-pipeline',
    provider: 'extruct',
    pass: 1,
    kind: 'first',
    columns: { sector: { cells: 12, credits: 12 } },
    credits: 12,
    accepted: true,
  });
  const credits = passes.reduce((sum, pass) => sum + pass.credits, 0);
  expect(credits).toBe(summary.creditsSpent);
  expect(lines.filter((line) => line.type === 'run')).toMatchObject([
    { run: id, creditsCancelled: 0, reported: { balanceChange: summary.balanceChange } },
  ]);
});

test.each(CASES)(
  'a run of $name has asked for as many credits as its passes have in the ledger, follow-ups included',
  async (provider) => {
    testEnv = await startTestEnv({ sandbox: { failRate: 0.5, alwaysFailsRate: 0 } });
    const pipeline = { table: provider.tables.chain };
    const input = await pipelineInputFor(testEnv, ROWS, pipeline, provider);
    const summary = await executeRun(testEnv, `figures-${testEnv.taskQueue}`, input);
    const passes = (await linesOf()).filter((line) => line.type === 'pass');
    expect(passes.map(({ kind }) => kind)).toContain('follow-up');
    expect(summary.creditsSpent).toBe(passes.reduce((sum, { credits }) => sum + credits, 0));
  },
);

test('a pass whose reply was lost has one line', async () => {
  let lost = 0;
  const intercept: Intercept = ({ phase, method, route }) => {
    if (phase !== 'after' || `${method} ${route}` !== RUN || lost > 0) return undefined;
    lost += 1;
    return { do: 'reset' };
  };
  testEnv = await startTestEnv({ sandbox: { failRate: 0, alwaysFailsRate: 0, intercept } });
  const id = `lost-${testEnv.taskQueue}`;
  await executeRun(testEnv, id, await pipelineInputFor(testEnv, ROWS));
  expect(lost).toBe(1);
  const passes = (await linesOf()).filter((line) => line.type === 'pass');
  expect(passes).toMatchObject([{ pass: 1, credits: 12, accepted: true }]);
});

test('a pass that was refused leaves no line', async () => {
  const intercept: Intercept = ({ phase, method, route }) =>
    phase === 'before' && [RUN, 'GET /v1/user'].includes(`${method} ${route}`) && refuses
      ? { do: 'reply', status: 401, headers: {}, body: '{"detail":"Invalid token"}' }
      : undefined;
  let refuses = false;
  testEnv = await startTestEnv({
    sandbox: {
      failRate: 0,
      alwaysFailsRate: 0,
      intercept: (step) => {
        if (`${step.method} ${step.route}` === RUN) refuses = true;
        return intercept(step);
      },
    },
  });
  const run = await testEnv.client.workflow.start('enrichTable', {
    workflowId: `refused-${testEnv.taskQueue}`,
    taskQueue: testEnv.taskQueue,
    args: [await pipelineInputFor(testEnv, ROWS)],
  });
  await eventually(
    'the wait for a token',
    async () => (await run.query<RunProgress>('progress')).stage === 'waiting for credentials',
  );
  expect(await linesOf()).toEqual([]);
  await run.cancel();
  await run.result();
  expect((await linesOf()).filter((line) => line.type === 'pass')).toEqual([]);
});

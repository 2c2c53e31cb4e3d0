import { afterEach, expect, test } from '@jest/globals';
import type { Intercept } from '../../sandbox/index.ts';
import { errorOfRun } from '../../src/client/failure.ts';
import type { RunProgress, RunSummary } from '../../src/contract/run.ts';
import { inputFor, openHouse, type House } from '../support/house.ts';
import { until } from '../support/until.ts';

const ROWS = Array.from({ length: 20 }, (_, n) => ({ Symbol: `S${n}`, Security: `Company ${n}` }));

let house: House;
afterEach(() => house.close());

test('what is asked of a cancelled run while it takes its last look is refused, not forgotten', async () => {
  let letGo = (): void => undefined;
  // A page is read back before the first paid request as well.
  let isLast = false;
  const released = new Promise<void>((resolve) => (letGo = resolve));
  const intercept: Intercept = async ({ phase, method, route }) => {
    const isPage = method === 'GET' && route === '/v1/tables/:table_id/data';
    if (isLast && phase === 'before' && isPage) await released;
    return undefined;
  };
  house = await openHouse({
    sandbox: { failRate: 0, hopelessRate: 0, speed: 20, concurrency: 2, intercept },
  });
  const workflowId = `ending-${house.taskQueue}`;
  const run = await house.client.workflow.start('enrichTable', {
    workflowId,
    taskQueue: house.taskQueue,
    args: [await inputFor(house, ROWS)],
  });
  const stage = async (): Promise<string> => (await run.query<RunProgress>('progress')).stage;
  await until('cells', () => house.sandbox.ledger.summary().cellsDone > 4);
  isLast = true;
  await run.cancel();
  await until('the last look', async () => (await stage()) === 'collecting results');

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
  letGo();
  expect(((await run.result()) as RunSummary).outcome).toBe('cancelled');
});

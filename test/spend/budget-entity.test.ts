import { expect, test } from '@jest/globals';
import { Rowmill } from '../../src/client/rowmill.ts';
import { createDayBudgets } from '../../src/client/budgets/day-budgets.ts';
import { budgetWorkflowId } from '../../src/contract/budget.ts';
import { startTemporalServer } from '../../src/dev/temporal/server.ts';
import { startTestEnv } from '../support/test-env.ts';

const POLICY = { maxCredits: 100, budget: 'gtm', timezone: 'UTC' };

const request = (pass: number, credits: number, run = 'night') => ({
  id: `${run}/first/${pass}`,
  run,
  pipeline: 'profile',
  pass,
  credits,
});

test('a budget that continues as new knows the reservations of the day, each once', async () => {
  // The server suggests it at 4,096 events.
  const server = await startTemporalServer({
    dynamicConfig: { 'limit.historyCount.suggestContinueAsNew': 30 },
  });
  const testEnv = await startTestEnv({ address: server.address });
  try {
    const { client, store, taskQueue } = testEnv;
    const rowmill = await Rowmill.connect({ client, store, taskQueue });
    const budgets = createDayBudgets(client, taskQueue);
    const nowMs = () => Date.now();
    await budgets.join(POLICY, { id: 'night/first', pipeline: 'profile' });
    const handle = client.workflow.getHandle(budgetWorkflowId('gtm'));
    const { runId } = await handle.describe();
    for (let pass = 1; pass <= 20; pass += 1) {
      const reservation = await budgets.reserve(POLICY, request(pass, 5), {
        nowMs,
        isRaised: false,
      });
      expect(reservation).toMatchObject({ granted: true, reserved: pass * 5 });
    }
    expect((await handle.describe()).runId).not.toBe(runId);
    const options = { nowMs, isRaised: false };
    // The new execution has not seen the update of this id; its state knows the reservation.
    expect(await budgets.reserve(POLICY, request(1, 5), options)).toMatchObject({
      granted: true,
      reserved: 100,
    });
    expect(await budgets.reserve(POLICY, request(21, 1), options)).toMatchObject({
      granted: false,
      reserved: 100,
      limit: 100,
    });
    expect(await rowmill.budgets.show('gtm')).toMatchObject({
      runs: [{ run: 'night', pipeline: 'profile', passes: 20, credits: 100 }],
    });
  } finally {
    await testEnv.close();
    await server.stop();
  }
});

test('processes that reserve at once never exceed the budget', async () => {
  const testEnv = await startTestEnv();
  try {
    const { client, taskQueue } = testEnv;
    const budget = `many-${Date.now()}`;
    const policy = { ...POLICY, budget, maxCredits: 30 };
    const budgets = [1, 2, 3].map(() => createDayBudgets(client, taskQueue));
    const options = { nowMs: () => Date.now(), isRaised: false };
    // 12 passes of 7 credits each, every one asked for by three processes at once.
    const all = await Promise.all(
      Array.from({ length: 12 }, (_, pass) => pass).flatMap((pass) =>
        budgets.map(async (each) => ({
          pass,
          ...(await each.reserve(policy, request(pass, 7), options)),
        })),
      ),
    );
    const granted = new Set(all.filter((one) => one.granted).map(({ pass }) => pass));
    expect(granted.size).toBe(4);
    const shown = await client.workflow
      .getHandle(budgetWorkflowId(budget))
      .query<{ reserved: number }>('budget');
    expect(shown.reserved).toBe(28);
    await client.workflow.getHandle(budgetWorkflowId(budget)).terminate();
  } finally {
    await testEnv.close();
  }
});

import { expect, test } from '@jest/globals';
import type { Action, Seen } from '../../sandbox/index.ts';
import type { RunSummary } from '../../src/contract/run.ts';
import { inputFor, openHouse } from '../support/house.ts';
import { expectInvariants } from '../support/invariants.ts';

const ROWS = Array.from({ length: 130 }, (_, n) => ({ Symbol: `S${n}`, Security: `Company ${n}` }));

/** Something goes wrong once (`nth` request of a route), or for a while. */
interface Fault {
  name: string;
  route: string;
  method: string;
  phase: Seen['phase'];
  nth: (nth: number) => boolean;
  action: Action;
}

const html = { status: 502, headers: { 'content-type': 'text/html' }, body: '<h1>Bad</h1>' };

const FAULTS: Fault[] = [
  ['create', 'POST', '/v1/tables', 1],
  ['add rows', 'POST', '/v1/tables/:table_id/rows', 2],
  ['run', 'POST', '/v1/tables/:table_id/run', 1],
].flatMap(([what, method, route, at]) => {
  const fault = { method: String(method), route: String(route), nth: (n: number) => n === at };
  return [
    { ...fault, name: `${what}: the reply is lost`, phase: 'after', action: { do: 'reset' } },
    { ...fault, name: `${what}: the request is lost`, phase: 'before', action: { do: 'reset' } },
    {
      ...fault,
      name: `${what}: 502 after it was done`,
      phase: 'after',
      action: { do: 'reply', ...html },
    },
    {
      ...fault,
      name: `${what}: the reply is cut`,
      phase: 'after',
      action: { do: 'truncate', bytes: 20 },
    },
    {
      ...fault,
      name: `${what}: it lands after the connection broke`,
      phase: 'before',
      action: { do: 'late', afterMs: 800, then: 'reset' },
    },
  ] satisfies Fault[];
});

FAULTS.push({
  name: 'status: every third reading fails',
  method: 'GET',
  route: '/v1/tables/:table_id',
  phase: 'before',
  nth: (n) => n % 3 === 0,
  action: { do: 'reply', ...html },
});

test.concurrent.each(FAULTS)(
  '$name: one table, every row once, no cell paid twice',
  async (fault) => {
    const house = await openHouse({
      sandbox: {
        failRate: 0,
        hopelessRate: 0,
        intercept: ({ phase, method, route, nth }) =>
          phase === fault.phase &&
          method === fault.method &&
          route === fault.route &&
          fault.nth(nth)
            ? fault.action
            : undefined,
      },
    });
    try {
      const workflowId = `fault-${house.taskQueue}`;
      const input = await inputFor(house, ROWS);
      const ended = (await house.client.workflow.execute('enrichTable', {
        workflowId,
        taskQueue: house.taskQueue,
        args: [input],
      })) as RunSummary;
      expect(ended.outcome).toBe('completed');
      const wanted = ROWS.map((row) => ({ key: row.Symbol, input: { input: row.Security } }));
      await expectInvariants(house, { workflowId, pipeline: input.pipeline, wanted, ended });
    } finally {
      await house.close();
    }
  },
  60_000,
);

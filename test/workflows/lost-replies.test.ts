import { expect, test } from '@jest/globals';
import type { FaultScript } from '../../sandbox/index.ts';
import type { RequestKind } from '../../sandbox/faults/request-kinds.ts';
import { pipelineInputFor, startTestEnv, executeRun } from '../support/test-env.ts';
import { expectInvariants } from '../support/invariants/index.ts';
import { CASES, companies, wantedRows } from '../support/providers/cases.ts';

const ROWS = companies(130);

type Rule = NonNullable<FaultScript['requests']>[number];

/** Ways in which a request, or the reply to it, gets lost. */
const WAYS: Record<string, (on: string, nth: number) => Rule> = {
  'the reply is lost': (on, nth) => ({ on, nth, fault: 'reset', phase: 'after' }),
  'the request is lost': (on, nth) => ({ on, nth, fault: 'reset' }),
  '502 after it was done': (on, nth) => ({ on, nth, fault: 'error', phase: 'after' }),
  'the reply is cut': (on, nth) => ({ on, nth, fault: 'truncate', bytes: 20 }),
  'it commits after the connection broke': (on, nth) => ({ on, nth, fault: 'late', afterMs: 800 }),
};

/** Every request that changes something on the way through a run, and which one of its kind. */
const CHANGES: Partial<Record<RequestKind, number>> = {
  'create-table': 1,
  'create-sheet': 1,
  'create-column': 2,
  'add-rows': 2,
  'start-run': 1,
};

const runs = CASES.flatMap((provider) => {
  const changes = provider.changes.flatMap((kind) =>
    Object.entries(WAYS).map(([way, rule]) => ({
      kind,
      way,
      rule: rule(kind, CHANGES[kind] ?? 0),
    })),
  );
  // The first is always there; how many follow depends on the machine.
  const reads: Rule = { on: 'read-status', nth: [1, 4, 7, 10], fault: 'error' };
  return [
    ...changes.filter(({ kind }) => kind in CHANGES),
    { kind: 'read-status', way: 'the first reading fails, and some later ones', rule: reads },
  ].map((one) => ({ ...one, provider, name: provider.name }));
});

test.concurrent.each(runs)(
  '$name, $kind: $way: the run keeps every invariant',
  async ({ rule, provider }) => {
    const testEnv = await startTestEnv({
      sandbox: { failRate: 0, alwaysFailsRate: 0, faults: { requests: [{ ...rule, name: 'it' }] } },
    });
    try {
      const workflowId = `fault-${testEnv.taskQueue}`;
      const input = await pipelineInputFor(testEnv, ROWS, {}, provider);
      const ended = await executeRun(testEnv, workflowId, input);
      expect(ended.outcome).toBe('completed');
      const wanted = wantedRows(provider, ROWS);
      await expectInvariants(testEnv, { workflowId, pipeline: input.pipeline, wanted, ended });
      expect(testEnv.sandbox.faults.hits['it']).toBeGreaterThan(0);
    } finally {
      await testEnv.close();
    }
  },
);

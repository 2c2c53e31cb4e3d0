import { expect, test } from '@jest/globals';
import type { FaultScript } from '../../sandbox/index.ts';
import { pipelineInputFor, startTestEnv, executeRun } from '../support/test-env.ts';
import { CASES, companies } from '../support/providers/cases.ts';

const ROWS = companies(250);

type Rule = NonNullable<FaultScript['requests']>[number];

/** Ways in which a step fails after it has sent something. */
const TROUBLES: Record<string, Rule> = {
  'a step that is tried again': { on: 'add-rows', nth: 2, fault: 'rate-limit', retryAfter: 'none' },
  'a step whose reads fail until it gives up': {
    on: 'read-status',
    from: 2,
    to: 6,
    fault: 'error',
    status: 503,
  },
  'a step that waits for credits': {
    on: 'start-run',
    nth: 1,
    fault: 'payment',
    reason: 'insufficient_credits',
  },
};

const runs = CASES.flatMap((provider) =>
  Object.entries(TROUBLES).map(([what, rule]) => ({ what, rule, provider, name: provider.name })),
);

test.concurrent.each(runs)(
  '$name, $what: the requests that it sent are counted',
  async ({ rule, provider }) => {
    const testEnv = await startTestEnv({
      sandbox: { failRate: 0, alwaysFailsRate: 0, faults: { requests: [{ ...rule, name: 'it' }] } },
    });
    try {
      const input = await pipelineInputFor(testEnv, ROWS, {}, provider);
      const { apiCalls } = await executeRun(testEnv, `requests-${testEnv.taskQueue}`, input);
      expect(testEnv.sandbox.faults.hits['it']).toBeGreaterThan(0);
      expect(apiCalls.total).toBe(testEnv.sandbox.ledger.summary().requests.total);
    } finally {
      await testEnv.close();
    }
  },
);

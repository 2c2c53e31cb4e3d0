import { expect, test } from '@jest/globals';
import { pipelineInputFor, startTestEnv, executeRun } from '../support/test-env.ts';
import { expectInvariants } from '../support/invariants/index.ts';
import { CASES, companies, wantedRows } from '../support/providers/cases.ts';

/** Twelve pages of results. */
const ROWS = companies(1_130);

const HOWS = ['miss', 'shift'] as const;

const troubles = CASES.flatMap((provider) =>
  HOWS.map((how) => ({ how, provider, name: provider.name })),
);

test.each(troubles)(
  '$name, $how: where a walk through the pages never comes clean, each row is read once all the same',
  async ({ how, provider }) => {
    const testEnv = await startTestEnv({
      sandbox: {
        failRate: 0,
        alwaysFailsRate: 0,
        faults: {
          seed: 3,
          requests: [
            // The batch is lost, and the rows are read back to see whether it was committed.
            { on: 'add-rows', nth: 4, fault: 'reset', phase: 'before' },
            { on: 'read-rows', probability: 0.3, fault: 'pages', how, rows: 3, name: 'pages' },
          ],
        },
      },
    });
    try {
      const workflowId = `shifting-${testEnv.taskQueue}`;
      const input = await pipelineInputFor(testEnv, ROWS, {}, provider);
      const ended = await executeRun(testEnv, workflowId, input);
      expect(ended.outcome).toBe('completed');
      const wanted = wantedRows(provider, ROWS);
      await expectInvariants(testEnv, { workflowId, pipeline: input.pipeline, wanted, ended });
      expect(testEnv.sandbox.faults.hits['pages']).toBeGreaterThan(2);
    } finally {
      await testEnv.close();
    }
  },
);

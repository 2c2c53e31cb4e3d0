import { expect, test } from '@jest/globals';
import type { FaultScript } from '../../sandbox/index.ts';
import { pipelineInputFor, startTestEnv, executeRun } from '../support/test-env.ts';
import { expectInvariants } from '../support/invariants/index.ts';
import { companies, wantedRows } from '../support/providers/cases.ts';
import { extruct } from '../support/providers/extruct.ts';
import { promptlayer } from '../support/providers/promptlayer.ts';

/** An API that begins late, and whose cells fail so soon that no reading of the status sees them begin. */

const ROWS = companies(12);
const FAULTS: FaultScript = {
  cells: [{ fault: 'failing', share: 0.4 }],
  waves: [{ startLagMs: 5_000 }],
};
/** Waiting for the stall would take longer than a test may last. */
const run = { minPollInterval: '100ms', maxPollInterval: '1s', stallAfter: '30m', deadline: '2h' };

test.concurrent.each([extruct, promptlayer])(
  '$name: a rerun that fails again unseen ends without waiting for the stall',
  async (provider) => {
    const sandbox = { failRate: 0, alwaysFailsRate: 0, speed: 1_000_000, faults: FAULTS };
    const testEnv = await startTestEnv({ sandbox });
    try {
      const workflowId = `late-${testEnv.taskQueue}`;
      const table = provider.tables.one;
      const input = await pipelineInputFor(testEnv, ROWS, { table, run }, provider);
      const ended = await executeRun(testEnv, workflowId, input);
      // The first pass, and a rerun that repaired nothing.
      expect(ended).toMatchObject({ outcome: 'partial', passes: 2 });
      expect(ended.cells.failed).toBeGreaterThan(0);
      expect(ended.cells.failed + ended.cells.done).toBe(12);
      const wanted = wantedRows(provider, ROWS);
      await expectInvariants(testEnv, { workflowId, pipeline: input.pipeline, wanted, ended });
    } finally {
      await testEnv.close();
    }
  },
);

import { expect, test } from '@jest/globals';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { errorOfRun } from '../../src/client/runs/lookup/errors.ts';
import { pipelineInputFor, startTestEnv, executeRun } from '../support/test-env.ts';
import { expectInvariants } from '../support/invariants/index.ts';
import { CASES, companies, wantedRows } from '../support/providers/cases.ts';

const SCRIPTS = fileURLToPath(new URL('../../examples/faults/', import.meta.url));

/** More than one page, and two or three requests to load them. */
const ROWS = companies(110);

/** Expected ends of runs that do not complete: an outcome, or the code of the failure. */
const ENDS: Record<string, string> = {
  'plan-required': 'plan_required',
  'payment-failed': 'payment_failed',
  'stuck-for-ever': 'partial',
  'blocked-cells': 'partial',
};

/** Scenarios in which the hits of a rule and the time of a run are random. */
const BY_CHANCE = ['a-bad-day'];

const scripts = readdirSync(SCRIPTS)
  .filter((file) => file.endsWith('.yaml'))
  .map((file) => file.replace('.yaml', ''));

const runs = CASES.flatMap((provider) =>
  scripts.map((script) => ({ script, provider, name: provider.name })),
);

test.concurrent.each(runs)(
  'under $script the invariants hold for $name',
  async ({ script, provider }) => {
    const testEnv = await startTestEnv({
      sandbox: { failRate: 0, alwaysFailsRate: 0, faults: `${SCRIPTS}${script}.yaml` },
    });
    try {
      const workflowId = `faults-${script}-${testEnv.taskQueue}`;
      const overrides = {
        table: provider.tables.chain,
        run: {
          minPollInterval: '100ms',
          maxPollInterval: '1s',
          stallAfter: '5s',
          deadline: '10m',
        },
      };
      const input = await pipelineInputFor(testEnv, ROWS, overrides, provider);
      const ended = await executeRun(testEnv, workflowId, input).catch((error: unknown) =>
        error instanceof Error ? error : new Error(String(error)),
      );
      const end = ended instanceof Error ? errorOfRun(ended, workflowId).code : ended.outcome;
      expect(end).toBe(ENDS[script] ?? 'completed');
      const wanted = wantedRows(provider, ROWS);
      await expectInvariants(testEnv, { workflowId, pipeline: input.pipeline, wanted, ended });
      const { hits } = testEnv.sandbox.faults;
      const idle = Object.keys(hits).filter((rule) => hits[rule] === 0);
      if (!BY_CHANCE.includes(script)) expect(idle).toEqual([]);
    } finally {
      await testEnv.close();
    }
  },
);

import { expect, test } from '@jest/globals';
import type { FaultScript } from '../../sandbox/index.ts';
import { errorOfRun } from '../../src/client/runs/lookup/errors.ts';
import { WORKFLOW_TYPE } from '../../src/contract/names.ts';
import type { RunProgress, RunSummary } from '../../src/contract/run.ts';
import { pipelineInputFor, startTestEnv, executeRun, type TestEnv } from '../support/test-env.ts';
import { extruct } from '../support/providers/extruct.ts';
import { CASES, companies } from '../support/providers/cases.ts';
import type { ProviderCase } from '../support/providers/provider-case.ts';
import { eventually } from '../support/eventually.ts';

type Rule = NonNullable<FaultScript['requests']>[number];

/** Two pages, some polls. */
const ROWS = companies(110);

const withFaults = (requests: Rule[], more: { failRate?: number } = {}): Promise<TestEnv> =>
  startTestEnv({
    sandbox: { failRate: 0, alwaysFailsRate: 0, ...more, faults: { requests } },
    deps: { troubleLimits: { shownAfterMs: 1, refusedAtMostMs: 20_000 } },
  });

const started = async (testEnv: TestEnv, provider: ProviderCase) => {
  const input = await pipelineInputFor(testEnv, ROWS, { table: provider.tables.one }, provider);
  return testEnv.client.workflow.start<(one: typeof input) => Promise<RunSummary>>(WORKFLOW_TYPE, {
    workflowId: `odd-${testEnv.taskQueue}`,
    taskQueue: testEnv.taskQueue,
    args: [input],
  });
};

const stageOf = async (run: Awaited<ReturnType<typeof started>>): Promise<string> =>
  (await run.query<RunProgress>('progress')).stage;

const refusals = CASES.flatMap((provider) =>
  [301, 400, 404, 409].flatMap((status) =>
    (['read-status', 'read-rows'] as const).map((on) => ({
      provider,
      name: provider.name,
      status,
      on,
      body: status === 404 ? ('html' as const) : ('json' as const),
    })),
  ),
);

test.concurrent.each(refusals)(
  'one $status to $on among good replies ends no run of $name',
  async ({ provider, status, on, body }) => {
    const after = { while: { cellsPaid: { atLeast: 1 } }, nth: on === 'read-status' ? 1 : [1, 3] };
    const testEnv = await withFaults([{ on, fault: 'refuse', status, body, ...after }]);
    try {
      const input = await pipelineInputFor(testEnv, ROWS, { table: provider.tables.one }, provider);
      const summary = await executeRun(testEnv, `odd-${testEnv.taskQueue}`, input);
      expect(summary.outcome).toBe('completed');
      expect(summary.cells.done + summary.cells.empty).toBe(ROWS.length);
      expect(testEnv.sandbox.ledger.summary()).toMatchObject({ cellsPaid: ROWS.length });
      expect(Object.values(testEnv.sandbox.faults.hits)[0]).toBeGreaterThan(0);
    } finally {
      await testEnv.close();
    }
  },
);

const lasting: [string, Rule][] = [
  ['HTML with 200', { on: 'read-status', fault: 'content-type' }],
  ['502', { on: 'read-status', fault: 'error' }],
];

test.concurrent.each(
  CASES.flatMap((provider) =>
    lasting.map(([what, rule]) => ({ name: provider.name, provider, what, rule })),
  ),
)('$what shows as waiting for the API with $name, until it is over', async ({ provider, rule }) => {
  const testEnv = await withFaults([
    { ...rule, while: { cellsPaid: { atLeast: 1 } }, lastsMs: 60_000, times: 1 },
  ]);
  try {
    const run = await started(testEnv, provider);
    await eventually('it is shown', async () => (await stageOf(run)) === 'waiting for the API');
    expect((await run.query<RunProgress>('progress')).problem).toContain('GET');
    const { typedSearchAttributes } = await run.describe();
    expect(JSON.stringify(typedSearchAttributes)).toContain('waiting for the API');
    const summary = await run.result();
    expect(summary.outcome).toBe('completed');
    expect((await run.query<RunProgress>('progress')).problem).toBe(null);
    expect(testEnv.sandbox.ledger.summary()).toMatchObject({ cellsPaid: ROWS.length });
  } finally {
    await testEnv.close();
  }
});

test.concurrent.each(CASES)(
  'a pause of a day with $name is shown as a possible quota',
  async (provider) => {
    const after = { while: { cellsPaid: { atLeast: 1 } } };
    const testEnv = await withFaults([
      { on: 'read-status', fault: 'rate-limit', seconds: 86_400, ...after },
    ]);
    try {
      const run = await started(testEnv, provider);
      // The stage is entered first; the reading of the account adds to the problem.
      await eventually('it is shown as what it may be', async () => {
        const { stage, problem } = await run.query<RunProgress>('progress');
        return stage === 'waiting for the API' && problem?.includes('may be a quota') === true;
      });
      expect((await run.query<RunProgress>('progress')).problem).toEqual(
        provider.balance === null
          ? expect.stringContaining('its balance cannot be read')
          : expect.stringMatching(/ it has \d+ credits/),
      );
      await run.terminate();
    } finally {
      await testEnv.close();
    }
  },
);

test.concurrent.each(CASES)(
  'a table of $name that is gone is reported, with what was read of it before',
  async (provider) => {
    // By the rerun of its failed cells it is gone.
    const gone = {
      fault: 'refuse' as const,
      status: 404,
      while: { cellsPaid: { atLeast: ROWS.length + 1 } },
    };
    const testEnv = await withFaults(
      [
        { on: 'read-status', ...gone },
        { on: 'read-rows', ...gone },
      ],
      { failRate: 0.5 },
    );
    try {
      const run = await started(testEnv, provider);
      const summary = await run.result();
      expect(summary.outcome).toBe('partial');
      expect(summary.results.map(({ rows }) => rows)).toEqual([ROWS.length]);
      expect(summary.cells.done).toBeGreaterThan(0);
      const { problem } = await run.query<RunProgress>('progress');
      expect(problem).toContain('answered 404');
    } finally {
      await testEnv.close();
    }
  },
);

test.concurrent.each([401, 403, 404, 500])(
  'a run goes on without a balance where the account answers %i',
  async (status) => {
    const on = 'GET /v1/user';
    const rule: Rule =
      status === 500 ? { on, fault: 'error', status } : { on, fault: 'refuse', status };
    const testEnv = await withFaults([rule]);
    try {
      const summary = await (await started(testEnv, extruct)).result();
      expect(summary).toMatchObject({ outcome: 'completed', balanceChange: null });
      expect(summary.balanceProblem).toContain(`answered ${status}`);
    } finally {
      await testEnv.close();
    }
  },
);

test('a token that is refused everywhere ends the run before anything is paid', async () => {
  const testEnv = await withFaults([{ on: '* /**', fault: 'denied' }]);
  try {
    const run = await started(testEnv, extruct);
    const error: unknown = await run.result().catch((reason: unknown) => reason);
    expect(errorOfRun(error, run.workflowId).code).toBe('unauthorized');
  } finally {
    await testEnv.close();
  }
});

test.concurrent.each(CASES)(
  'a row of $name that cannot be read is quarantined',
  async (provider) => {
    const testEnv = await withFaults([
      {
        on: 'read-rows',
        fault: 'unreadable-rows',
        rows: [57],
        while: { cellsPaid: { atLeast: 1 } },
      },
    ]);
    try {
      const summary = await (await started(testEnv, provider)).result();
      expect(summary).toMatchObject({ outcome: 'partial', rowsUnreadable: 1 });
      expect(summary.quarantine).toMatchObject({ cells: 1 });
      expect(testEnv.sandbox.ledger.summary()).toMatchObject({ cellsPaid: ROWS.length });
    } finally {
      await testEnv.close();
    }
  },
);

test.concurrent.each(
  CASES.flatMap((provider) =>
    (['create-table', 'add-rows', 'start-run', 'read-status', 'read-rows'] as const).map((on) => ({
      name: provider.name,
      provider,
      on,
    })),
  ),
)('an error with 200 to each $on of $name is shown', async ({ provider, on }) => {
  const testEnv = await startTestEnv({
    sandbox: {
      failRate: 0,
      alwaysFailsRate: 0,
      faults: { requests: [{ on, fault: 'refuse', status: 200 }] },
    },
    deps: { troubleLimits: { shownAfterMs: 3_000, refusedAtMostMs: 600_000 } },
  });
  try {
    const run = await started(testEnv, provider);
    const shows = async () => (await stageOf(run)) === 'waiting for the API';
    await eventually('the API to be waited for', shows, 90_000);
    const { problem } = await run.query<RunProgress>('progress');
    expect(problem).toContain('reply_unreadable');
    await run.cancel();
    await run.result().catch(() => null);
  } finally {
    await testEnv.close();
  }
});

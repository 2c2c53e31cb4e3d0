import { expect, test } from '@jest/globals';
import type { WorkflowHandle } from '@temporalio/client';
import { readFile } from 'node:fs/promises';
import type { FaultScript, Intercept, SandboxOptions } from '../../sandbox/index.ts';
import type { EnrichTableInput, RunProgress, RunSummary } from '../../src/contract/run.ts';
import { pipelineInputFor, startTestEnv, TOKEN, type TestEnv } from '../support/test-env.ts';
import { expectInvariants } from '../support/invariants/index.ts';
import { companies, wantedRows } from '../support/providers/cases.ts';
import { extruct } from '../support/providers/extruct.ts';
import { promptlayer } from '../support/providers/promptlayer.ts';
import type { ProviderCase } from '../support/providers/provider-case.ts';
import { eventually } from '../support/eventually.ts';

/** Replies to the request that costs money, other than a run. */

const ROWS = companies(12);
const GENERIC = {
  kind: 'generic',
  columns: [
    { kind: 'input', key: 'input', name: 'Input' },
    {
      kind: 'agent',
      key: 'sector',
      name: 'Sector',
      value: { agent_type: 'llm', prompt: 'Which sector is {input} in?' },
    },
  ],
};

const TABLES: Record<string, [ProviderCase, ProviderCase['tables']['one']]> = {
  'Extruct, company': [extruct, extruct.tables.one],
  'Extruct, generic': [extruct, GENERIC],
  PromptLayer: [promptlayer, promptlayer.tables.one],
};

interface Scene {
  testEnv: TestEnv;
  run: WorkflowHandle;
  input: EnrichTableInput;
  bodies: Record<string, unknown>[];
}

/** Plays a run to its end, which must be complete, and looks at what is left. */
async function completes(
  [provider, table]: [ProviderCase, ProviderCase['tables']['one']],
  sandbox: Partial<Pick<SandboxOptions, 'faults' | 'intercept' | 'failRate' | 'promptLayer'>>,
  meanwhile: (scene: Scene) => Promise<void> = () => Promise.resolve(),
  passes = 1,
): Promise<Scene & { ended: RunSummary }> {
  const bodies: Record<string, unknown>[] = [];
  const { intercept, ...rest } = sandbox;
  const testEnv = await startTestEnv({
    sandbox: {
      failRate: 0,
      alwaysFailsRate: 0,
      speed: 1_000,
      ...rest,
      intercept: (seen) => {
        const { phase, method, route, body } = seen;
        const isRun = method === 'POST' && /\/(run|operations)$/.test(route);
        // What a client of the API sends.
        if (isRun && phase === 'before') bodies.push(body as Record<string, unknown>);
        return intercept?.(seen);
      },
    },
  });
  try {
    const workflowId = `run-requests-${testEnv.taskQueue}`;
    const run_ = {
      minPollInterval: '100ms',
      maxPollInterval: '1s',
      stallAfter: '20s',
      deadline: '10m',
    };
    const input = await pipelineInputFor(testEnv, ROWS, { table, run: run_ }, provider);
    const run = await testEnv.client.workflow.start('enrichTable', {
      workflowId,
      taskQueue: testEnv.taskQueue,
      args: [input],
    });
    const scene = { testEnv, run, input, bodies };
    await meanwhile(scene);
    const ended = (await run.result()) as RunSummary;
    expect(ended).toMatchObject({ outcome: 'completed', passes, cells: { done: ROWS.length } });
    const wanted = wantedRows(provider, ROWS);
    await expectInvariants(testEnv, { workflowId, pipeline: input.pipeline, wanted, ended });
    return { ...scene, ended };
  } finally {
    await testEnv.close();
  }
}

test.concurrent.each(Object.entries(TABLES))(
  '%s: an error body with status 200 is sent once more',
  async (_name, table) => {
    const rule = { on: 'start-run', fault: 'refuse', status: 200, times: 1 } as const;
    const { bodies } = await completes(table, { faults: { requests: [rule] } });
    expect(bodies).toHaveLength(2);
  },
);

test.concurrent.each(Object.entries(TABLES).filter(([, [{ balance }]]) => balance))(
  '%s: cells put back for want of credits are completed after a top-up',
  async (_name, table) => {
    const faults: FaultScript = { credits: [{ goneAtPaidCells: 5, queued: 'returned' }] };
    const topUp = async ({ testEnv, run }: Scene): Promise<void> => {
      await eventually('it waits for credits', async () => {
        const { stage } = await run.query<RunProgress>('progress');
        return stage === 'waiting for credits';
      });
      await fetch(`${testEnv.sandbox.url}/_sandbox/credits`, {
        method: 'POST',
        body: JSON.stringify({ add: 1_000 }),
        headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
      });
    };
    await completes(table, { faults }, topUp, 2);
  },
);

test.concurrent.each(Object.entries(TABLES))(
  '%s: a column of an unknown kind is not named in the scope of a run',
  async (_name, table) => {
    const rule = { on: '* /**', fault: 'unknown', columns: true, fields: false } as const;
    const { bodies } = await completes(table, { faults: { requests: [rule] } });
    expect(bodies).toHaveLength(1);
  },
);

const REFUSALS: [string, keyof typeof TABLES, FaultScript['requests'], number][] = [
  [
    'columns are refused, and the whole table is asked for',
    'Extruct, company',
    [{ on: 'start-run', fault: 'refuse', status: 422, longer: { columns: 0 } }],
    2,
  ],
  [
    'columns are refused with 400, and the whole table is asked for',
    'Extruct, generic',
    [{ on: 'start-run', fault: 'refuse', status: 400, longer: { columns: 0 } }],
    2,
  ],
  [
    'rows are too many, and fewer are named in each request',
    'PromptLayer',
    [{ on: 'start-run', fault: 'refuse', status: 413, longer: { row_ids: 4 } }],
    // Twelve, six, and three at a time.
    6,
  ],
  [
    'rows are too many with 422, and fewer are named in each request',
    'PromptLayer',
    [{ on: 'start-run', fault: 'refuse', status: 422, longer: { row_ids: 6 } }],
    3,
  ],
];

test.concurrent.each(REFUSALS)('%s (%s)', async (_what, table, requests = [], sent) => {
  const { bodies } = await completes(TABLES[table] ?? [extruct, GENERIC], {
    faults: { requests },
    // A blank row that stays is why rows are named.
    promptLayer: { rowDeletes: 'refused' },
  });
  expect(bodies).toHaveLength(sent);
});

test('the provider queues more than it was asked to: nothing more is paid before an approval', async () => {
  const intercept: Intercept = ({ phase, method, route, reply }) => {
    if (phase !== 'after' || method !== 'POST' || !route.endsWith('/run')) return undefined;
    if (reply?.status !== 200) return undefined;
    // What the sandbox answers.
    const run = JSON.parse(reply.body) as { mode: string; num_requested_cells: number };
    if (run.mode !== 'new') return undefined;
    return { do: 'reply', ...reply, body: JSON.stringify({ ...run, num_requested_cells: 200 }) };
  };
  const approve = async ({ testEnv, run }: Scene): Promise<void> => {
    await eventually('it waits for an approval', async () => {
      const { stage } = await run.query<RunProgress>('progress');
      return stage === 'waiting for approval';
    });
    const { pendingApproval } = await run.query<RunProgress>('progress');
    expect(pendingApproval).toEqual({ credits: 164, cells: { requested: 48, affected: 200 } });
    expect(testEnv.sandbox.ledger.runs().map(({ mode }) => mode)).toEqual(['new']);
    await run.executeUpdate('approveSpend', { args: [{ by: 'anna' }] });
  };
  const table = TABLES['Extruct, company'] ?? [extruct, GENERIC];
  const manifest = { queuedMore: { requested: 48, affected: 200 } };
  let read: unknown;
  const { ended } = await completes(
    table,
    { intercept, failRate: 0.5 },
    async (scene) => {
      await approve(scene);
      const { manifest: path } = (await scene.run.result()) as RunSummary;
      read = JSON.parse(await readFile(path ?? '', 'utf8'));
    },
    2,
  );
  expect(read).toMatchObject(manifest);
  expect(ended).toMatchObject({ ...manifest, approvals: [{ how: 'update', by: 'anna' }] });
});

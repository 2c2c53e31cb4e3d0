import { afterEach, expect, test } from '@jest/globals';
import type { FaultScript, SandboxOptions, Seen } from '../../sandbox/index.ts';
import { rerunRun } from '../../src/client/runs/rerun.ts';
import type { RunSummary } from '../../src/contract/run.ts';
import { pipelineInputFor, startTestEnv, executeRun, type TestEnv } from '../support/test-env.ts';
import { expectInvariants } from '../support/invariants/index.ts';
import { companies, wantedRows } from '../support/providers/cases.ts';
import { promptlayer } from '../support/providers/promptlayer.ts';

/** Variants of new sheets and of the names of rows, where the reference leaves them open. */

type Options = NonNullable<SandboxOptions['promptLayer']>;
type Faults = NonNullable<FaultScript['requests']>;

const ROWS = companies(130);

let testEnv: TestEnv;
afterEach(() => testEnv.close());

let requests: string[];
const open = async (
  promptLayer: Options,
  faults: Faults = [],
  more: Partial<SandboxOptions> = {},
): Promise<void> => {
  requests = [];
  testEnv = await startTestEnv({
    sandbox: {
      failRate: 0,
      alwaysFailsRate: 0,
      promptLayer,
      faults: { requests: faults },
      intercept: ({ phase, method, route }: Seen) => {
        if (phase === 'before') requests.push(`${method} ${route.split('/').at(-1) ?? ''}`);
        return undefined;
      },
      ...more,
    },
  });
};

const sent = (request: string): number => requests.filter((one) => one === request).length;
const DELETE = 'DELETE rows';

/** Runs to the end, and holds every invariant against it. */
async function whole(table = promptlayer.tables.one): Promise<RunSummary> {
  const workflowId = `sheets-${testEnv.taskQueue}`;
  const input = await pipelineInputFor(testEnv, ROWS, { table }, promptlayer);
  const ended = await executeRun(testEnv, workflowId, input);
  const wanted = wantedRows(promptlayer, ROWS);
  await expectInvariants(testEnv, { workflowId, pipeline: input.pipeline, wanted, ended });
  return ended;
}

const paid = (): number => testEnv.sandbox.ledger.summary().cellsPaid;
const live = (): number => testEnv.sandbox.ledger.summary().rowsLive;

const lost: Faults = [{ on: 'add-rows', nth: [1, 3], fault: 'reset', phase: 'after' }];
const never: Faults = [{ on: 'add-rows', nth: 2, fault: 'reset', phase: 'before' }];

test.each<[string, Options, Faults]>(
  (['sparse', 'scattered'] as const).flatMap((indices) =>
    (['taken', 'refused'] as const).flatMap((rowDeletes): [string, Options, Faults][] => [
      [`${indices} indices, deletes ${rowDeletes}`, { indices, rowDeletes }, []],
      [`the same, replies to adds are lost`, { indices, rowDeletes }, lost],
      [`the same, an add is lost on its way`, { indices, rowDeletes }, never],
    ]),
  ),
)('%s: %j: each row is run once, by the index it has', async (_what, options, faults) => {
  await open(options, faults);
  expect(await whole()).toMatchObject({ outcome: 'completed', cells: { done: 130 } });
  expect(paid()).toBe(130);
});

test.each<Options>([
  { indices: 'scattered', rowDeletes: 'refused' },
  { indices: 'sparse', rowDeletes: 'refused' },
  { indices: 'scattered' },
])(
  '%j: cells that fail are run again, of the rows they are in, in a rerun as well',
  async (options) => {
    await open(options, [], { failRate: 0.4 });
    const run = { failedPasses: 0 };
    const workflowId = `failing-${testEnv.taskQueue}`;
    const input = await pipelineInputFor(testEnv, ROWS, { run }, promptlayer);
    const first = await executeRun(testEnv, workflowId, input);
    expect(first.cells.failed).toBeGreaterThan(0);
    const where = { taskQueue: testEnv.taskQueue, searchAttributes: true };
    const again = await rerunRun(testEnv.client, workflowId, where);
    const second = (await testEnv.client.workflow
      .getHandle(again.workflowId)
      .result()) as RunSummary;
    expect(second.cells.done).toBeGreaterThan(first.cells.done);
    expect(second.cells.done + second.cells.failed).toBe(130);
    expect(sent('POST rows')).toBe(2);
  },
);

test.each<Options>([
  { startsItself: 'new columns' },
  { startsItself: 'new columns', indices: 'sparse' },
  { startsItself: 'new columns', indices: 'scattered' },
])(
  '%j: no cell of the blank row is paid for: it goes before there are columns that compute',
  async (options) => {
    await open(options);
    expect(await whole(promptlayer.tables.two)).toMatchObject({ outcome: 'completed' });
    expect(paid()).toBe(260);
    expect(live()).toBe(130);
    expect(sent(DELETE)).toBe(1);
  },
);

const lostDelete = (more: object): Faults => [
  // One request of a script, which checks it when it is read.
  { on: 'delete-rows', nth: 1, ...more } as Faults[number],
];

test.each<[string, Faults, number]>([
  ['its reply is lost', lostDelete({ fault: 'reset', phase: 'after' }), 130],
  ['it is lost on its way', lostDelete({ fault: 'reset', phase: 'before' }), 131],
  ['it is carried out late', lostDelete({ fault: 'late', afterMs: 3_000, then: 'reset' }), 130],
  [
    'it is turned away at first',
    lostDelete({ fault: 'rate-limit', retryAfter: 'seconds', seconds: 1 }),
    130,
  ],
])('only the blank row is ever deleted: %s', async (_what, faults, rows) => {
  await open({}, faults);
  expect(await whole()).toMatchObject({ outcome: 'completed', cells: { done: 130 } });
  expect(live()).toBe(rows);
  expect(paid()).toBe(130);
  expect(sent(DELETE)).toBeLessThanOrEqual(2);
});

test.each<Options>([{ rowDeletes: 'refused' }, { rowDeletes: 'without effect' }])(
  '%j: a blank row that cannot be deleted is never run',
  async (options) => {
    await open(options);
    expect(await whole()).toMatchObject({ outcome: 'completed', cells: { done: 130 } });
    expect(live()).toBe(131);
    expect(paid()).toBe(130);
    expect(sent(DELETE)).toBe(1);
  },
);

const reset = (on: 'create-table' | 'create-sheet' | 'delete-table', phase: string): Faults => [
  // As above.
  { on, nth: [1, 2], fault: 'reset', phase } as Faults[number],
];

test.each<[Options, Faults]>(
  (
    [{ defaultSheet: 'always' }, { defaultSheet: 'only with' }, { moreSheets: 'refused' }] as const
  ).flatMap((options): [Options, Faults][] => [
    [options, []],
    [options, reset('create-table', 'after')],
    [options, reset('create-table', 'before')],
    [options, reset('create-sheet', 'after')],
    [options, reset('delete-table', 'after')],
  ]),
)('%j, %j: one table with one sheet is left', async (options, faults) => {
  await open(options, faults);
  expect(await whole()).toMatchObject({ outcome: 'completed', cells: { done: 130 } });
  const [book, ...others] = testEnv.sandbox.state.promptLayer.books.values();
  expect(others).toHaveLength(0);
  expect(book?.sheets).toHaveLength(1);
  expect(paid()).toBe(130);
});

test('a table that always comes with a sheet is filled in that sheet', async () => {
  await open({ defaultSheet: 'always' }, [], { failRate: 0.4 });
  const workflowId = `default-${testEnv.taskQueue}`;
  const input = await pipelineInputFor(testEnv, ROWS, { run: { failedPasses: 0 } }, promptlayer);
  const first = await executeRun(testEnv, workflowId, input);
  const where = { taskQueue: testEnv.taskQueue, searchAttributes: true };
  const again = await rerunRun(testEnv.client, workflowId, where);
  const second = (await testEnv.client.workflow.getHandle(again.workflowId).result()) as RunSummary;
  expect(second.tableId).toBe(first.tableId);
  expect(second.cells.done).toBeGreaterThan(first.cells.done);
});

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import type { CellAccount, Intercept } from '../../sandbox/index.ts';
import { rerunRun } from '../../src/client/runs/rerun.ts';
import type { CellUsage, ResultRow } from '../../src/contract/results.ts';
import type { LargeRunConfirmations, RunProgress, RunSummary } from '../../src/contract/run.ts';
import { totalUsage } from '../../src/rules/cells/usage.ts';
import { manualClock } from '../support/manual-clock.ts';
import {
  pipelineInputFor,
  startTestEnv,
  TOKEN,
  type TestEnv,
  executeRun,
} from '../support/test-env.ts';
import { plainText } from '../support/invariants/evidence.ts';
import { expectInvariants } from '../support/invariants/index.ts';
import { companies, wantedRows } from '../support/providers/cases.ts';
import { promptlayer } from '../support/providers/promptlayer.ts';
import { eventually } from '../support/eventually.ts';

type Manifest = RunSummary & {
  usageByColumn: Record<string, CellUsage>;
  confirmed: LargeRunConfirmations | null;
};

const manifestOf = async ({ manifest }: RunSummary): Promise<Manifest> =>
  JSON.parse(await readFile(manifest ?? '', 'utf8')) as Manifest;

/** A request that is sent once more. */
const postTo = ({ sandbox }: TestEnv, url: string, body: unknown): Promise<Response> =>
  fetch(`${sandbox.url}${url}`, {
    method: 'POST',
    headers: { 'x-api-key': TOKEN, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });

const OPERATIONS = '/api/public/v2/tables/:table_id/sheets/:sheet_id/operations';

let testEnv: TestEnv;
beforeAll(async () => {
  testEnv = await startTestEnv({
    sandbox: { failRate: 0, alwaysFailsRate: 0, promptLayer: { confirmAbove: 10 } },
  });
});
afterAll(() => testEnv.close());

test('more cells than PromptLayer runs unasked are confirmed', async () => {
  const rows = Array.from({ length: 120 }, (_, nth) => ({
    Symbol: `S${nth}`,
    Security: nth === 0 ? '3M' : `Company ${nth}`,
  }));
  const input = await pipelineInputFor(testEnv, rows, {}, promptlayer);
  const summary = await executeRun(testEnv, 'promptlayer', input);
  expect(summary).toMatchObject({ outcome: 'completed', rows: 120, cells: { done: 120 } });
  const text = await readFile(summary.results[0]?.path ?? '', 'utf8');
  const lines = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as ResultRow);
  expect(lines.map(({ key }) => key)).toEqual(rows.map(({ Symbol }) => Symbol));
  expect(lines[0]?.cells['Sector']).toMatchObject({ status: 'done', value: 'Industrials' });
  expect(lines.every(({ cells }) => cells['Sector']?.status === 'done')).toBe(true);
  expect(testEnv.sandbox.ledger.summary().cellsPaid).toBe(120);
  expect((await manifestOf(summary)).confirmed).toEqual({ requests: 1, cells: 120 });
});

test('every confirmation of a large run is counted', async () => {
  const confirmAbove = 5;
  const bad = await startTestEnv({
    sandbox: {
      failRate: 0.4,
      alwaysFailsRate: 0.1,
      promptLayer: { confirmAbove },
      faults: { requests: [{ on: 'start-run', nth: 2, fault: 'reset', phase: 'after' }] },
    },
  });
  try {
    const input = await pipelineInputFor(bad, companies(60), {}, promptlayer);
    const ended = await executeRun(bad, `confirmed-${bad.taskQueue}`, input);
    const large = bad.sandbox.ledger
      .runs()
      .map(({ requestedCells }) => requestedCells)
      .filter((cells) => cells > confirmAbove);
    expect(large.length).toBeGreaterThan(1);
    const cells = large.reduce((sum, one) => sum + one, 0);
    expect((await manifestOf(ended)).confirmed).toEqual({ requests: large.length, cells });
  } finally {
    await bad.close();
  }
});

test('usage is reported for each cell and column', async () => {
  const bad = await startTestEnv({ sandbox: { failRate: 0.3, alwaysFailsRate: 0.1 } });
  try {
    const rows = companies(60);
    const workflowId = `usage-${bad.taskQueue}`;
    const table = promptlayer.tables.two;
    const input = await pipelineInputFor(bad, rows, { table }, promptlayer);
    const ended = await executeRun(bad, workflowId, input);
    // That the cells add up to the summary is one of the invariants.
    const wanted = wantedRows(promptlayer, rows);
    await expectInvariants(bad, { workflowId, pipeline: input.pipeline, wanted, ended });
    expect(ended.passes).toBeGreaterThan(1);
    const { failed } = ended.cells;
    expect(failed).toBeGreaterThan(0);
    // Tries before the last one are in no figure, failed cells are.
    expect(ended.usage).toMatchObject({ requests: 120, price: expect.any(Number) });
    const manifest = await manifestOf(ended);
    // No operator was asked about a run of this size.
    expect(manifest.confirmed).toBeNull();
    expect(manifest.usage).toEqual(ended.usage);
    expect(Object.keys(manifest.usageByColumn)).toEqual(['Sector', 'Size']);
    expect(totalUsage(manifest.usageByColumn)).toEqual(ended.usage);
  } finally {
    await bad.close();
  }
});

test.each([
  ['few operations are polled one by one', 40, true],
  ['of many the sheet reports, by one request a poll', 10, false],
])('%s', async (_what, cellsPerExecution, oneByOne) => {
  const many = await startTestEnv({
    sandbox: { failRate: 0, alwaysFailsRate: 0, promptLayer: { cellsPerExecution } },
  });
  try {
    const rows = companies(120);
    const workflowId = `operations-${many.taskQueue}`;
    const input = await pipelineInputFor(many, rows, {}, promptlayer);
    const ended = await executeRun(many, workflowId, input);
    const wanted = wantedRows(promptlayer, rows);
    await expectInvariants(many, { workflowId, pipeline: input.pipeline, wanted, ended });
    const routes = Object.keys(many.sandbox.ledger.summary().requests.byRoute);
    expect(routes).toContain(`GET ${OPERATIONS}`);
    expect(routes.includes(`GET ${OPERATIONS}/:operation_id`)).toBe(oneByOne);
  } finally {
    await many.close();
  }
});

test('duplicate rows committed while cells run are never paid', async () => {
  const clock = manualClock();
  let late: (() => Promise<unknown>) | undefined;
  // The first rows get lost on their way.
  const intercept: Intercept = ({ phase, method, route, url, body }) => {
    const isAdd = method === 'POST' && route.endsWith('/rows');
    if (phase !== 'before' || !isAdd || late !== undefined) return undefined;
    late = () => postTo(slow, url, body);
    return { do: 'reset' };
  };
  const slow = await startTestEnv({
    sandbox: {
      failRate: 0,
      alwaysFailsRate: 0,
      speed: 2,
      concurrency: 200,
      cellMs: { min: 16_000, max: 20_000 },
      realMs: clock.realMs,
      intercept,
    },
  });
  try {
    const rows = companies(120);
    const workflowId = `late-rows-${slow.taskQueue}`;
    const input = await pipelineInputFor(slow, rows, {}, promptlayer);
    const end = executeRun(slow, workflowId, input);
    const { ledger } = slow.sandbox;
    await eventually('cells run', () => ledger.summary().cellsStarted === 120);
    clock.freeze();
    await late?.();
    clock.resume();
    const ended = await end;
    // Ours, and the hundred that came twice.
    expect(ledger.summary().rowsLive).toBe(220);
    expect(ended).toMatchObject({
      outcome: 'completed',
      cells: { done: 120 },
      duplicateRows: 100,
    });
    expect(await manifestOf(ended)).toMatchObject({ duplicateRows: 100 });
    expect(ledger.summary().cellsPaid).toBe(120);
    const wanted = wantedRows(promptlayer, rows);
    await expectInvariants(slow, { workflowId, pipeline: input.pipeline, wanted, ended });
  } finally {
    await slow.close();
  }
});

const topUp = ({ sandbox }: TestEnv): Promise<Response> =>
  fetch(`${sandbox.url}/_sandbox/credits`, {
    method: 'POST',
    headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
    body: JSON.stringify({ add: 1_000 }),
  });

test('a cancelled run accounts for all cells', async () => {
  const slow = await startTestEnv({
    sandbox: {
      failRate: 0,
      alwaysFailsRate: 0,
      speed: 1,
      concurrency: 2,
      cellMs: { min: 3_000, max: 4_000 },
    },
  });
  try {
    const input = await pipelineInputFor(slow, companies(30), {}, promptlayer);
    const run = await slow.client.workflow.start('enrichTable', {
      workflowId: `given-back-${slow.taskQueue}`,
      taskQueue: slow.taskQueue,
      args: [input],
    });
    await eventually('a done cell', () => slow.sandbox.ledger.summary().cellsDone > 0);
    await run.cancel();
    const ended = (await run.result()) as RunSummary;
    const { cellsCancelled = 0 } = ended;
    expect(ended.outcome).toBe('cancelled');
    expect(cellsCancelled).toBeGreaterThan(0);
    expect(await manifestOf(ended)).toMatchObject({ cellsCancelled });
    expect((await run.query<RunProgress>('progress')).cellsCancelled).toBe(cellsCancelled);
    expect(slow.sandbox.ledger.summary().cellsPaid).toBe(30 - cellsCancelled);
  } finally {
    await slow.close();
  }
});

test('after a lost reply to a cancel, the number of cancelled cells is a minimum', async () => {
  const slow = await startTestEnv({
    sandbox: {
      failRate: 0,
      alwaysFailsRate: 0,
      speed: 1,
      concurrency: 2,
      cellMs: { min: 3_000, max: 4_000 },
      promptLayer: { cellsPerExecution: 15 },
      // The first operation is cancelled and counted; the reply for the second one is lost.
      faults: {
        requests: [{ name: 'lost', on: 'cancel-run', nth: 2, fault: 'reset', phase: 'after' }],
      },
    },
  });
  try {
    const input = await pipelineInputFor(slow, companies(30), {}, promptlayer);
    const run = await slow.client.workflow.start('enrichTable', {
      workflowId: `at-least-${slow.taskQueue}`,
      taskQueue: slow.taskQueue,
      args: [input],
    });
    await eventually('a cell in progress', () => slow.sandbox.ledger.summary().cellsStarted > 0);
    await run.cancel();
    const ended = (await run.result()) as RunSummary;
    expect(slow.sandbox.faults.hits['lost']).toBe(1);
    const { cellsCancelled = 0 } = ended;
    expect(ended).toMatchObject({ outcome: 'cancelled', cellsCancelledIsMinimum: true });
    expect(await manifestOf(ended)).toMatchObject({
      cellsCancelled,
      cellsCancelledIsMinimum: true,
    });
    // Those of the first operation.
    expect(cellsCancelled).toBeGreaterThan(0);
    expect(cellsCancelled).toBeLessThan(30 - slow.sandbox.ledger.summary().cellsPaid);
  } finally {
    await slow.close();
  }
});

test('a rerun after a top-up pays for no cell again', async () => {
  const dry = await startTestEnv({
    sandbox: { failRate: 0, alwaysFailsRate: 0, faults: { credits: [{ goneAtPaidCells: 4 }] } },
  });
  try {
    const workflowId = `rerun-${dry.taskQueue}`;
    const run = { minPollInterval: '100ms', maxPollInterval: '1s', stallAfter: '2s' };
    const input = await pipelineInputFor(dry, companies(10), { run }, promptlayer);
    const first = (await dry.client.workflow.execute('enrichTable', {
      workflowId,
      taskQueue: dry.taskQueue,
      args: [input],
    })) as RunSummary;
    expect(first).toMatchObject({
      outcome: 'partial',
      cells: { done: 4, pending: 6 },
      cellsCancelled: 6,
      stillRunning: null,
    });
    expect(await manifestOf(first)).toMatchObject({ cellsCancelled: 6, stillRunning: null });
    await topUp(dry);
    // The run is over: money that comes now is not spent on its cells.
    expect([...dry.sandbox.state.tables.values()].some(({ busy }) => busy)).toBe(false);
    expect(dry.sandbox.ledger.summary().cellsPaid).toBe(4);
    const where = { taskQueue: dry.taskQueue, searchAttributes: true };
    const again = await rerunRun(dry.client, workflowId, where);
    const second: unknown = await dry.client.workflow.getHandle(again.workflowId).result();
    expect(second).toMatchObject({ outcome: 'completed', cells: { done: 10, pending: 0 } });
    expect(dry.sandbox.ledger.summary().cellsPaid).toBe(10);
  } finally {
    await dry.close();
  }
});

test('after a top-up only cells that failed again are skipped', async () => {
  const dry = await startTestEnv({
    sandbox: {
      failRate: 0,
      alwaysFailsRate: 0,
      faults: {
        seed: 7,
        cells: [
          { fault: 'failing', share: 0.2, columns: ['Sector'], tries: 'every' },
          { fault: 'failing', share: 0.4, columns: ['Size'], tries: 'first' },
        ],
        credits: [{ goneAtPaidCells: 6 }],
      },
    },
  });
  try {
    const rows = companies(20);
    const workflowId = `dry-${dry.taskQueue}`;
    const input = await pipelineInputFor(
      dry,
      rows,
      {
        table: promptlayer.tables.two,
        run: { minPollInterval: '100ms', maxPollInterval: '1s', stallAfter: '2s' },
      },
      promptlayer,
    );
    const run = await dry.client.workflow.start('enrichTable', {
      workflowId,
      taskQueue: dry.taskQueue,
      args: [input],
    });
    const stage = async (): Promise<string> => (await run.query<RunProgress>('progress')).stage;
    await eventually('no credits', async () => (await stage()) === 'waiting for credits');
    const cells = () => promptlayer.tablesIn(dry.sandbox).flatMap((table) => table.cells);
    const nameOf = ({ row, column }: CellAccount): string => `${row}/${column}`;
    const failedBefore = cells()
      .filter(({ failed }) => failed > 0)
      .map(nameOf);
    expect(failedBefore).not.toHaveLength(0);
    await topUp(dry);
    const ended = (await run.result()) as RunSummary;
    const wanted = wantedRows(promptlayer, rows);
    await expectInvariants(dry, { workflowId, pipeline: input.pipeline, wanted, ended });

    const startsOf = (cell: string) => cells().find((one) => nameOf(one) === cell)?.starts;
    // Once, and once more without success.
    expect(failedBefore.map(startsOf)).toEqual(failedBefore.map(() => 2));
    const sizes = cells().filter(({ column }) => column === 'Size');
    expect(sizes.some(({ failed }) => failed === 1)).toBe(true);
    expect(sizes.every(({ done }) => done === 1)).toBe(true);
    expect(ended.cells).toMatchObject({ blocked: 0, pending: 0 });
  } finally {
    await dry.close();
  }
});

test('a duplicate column is ignored', async () => {
  let sent = 0;
  const intercept: Intercept = async ({ phase, method, url, body }) => {
    if (phase === 'after' || method !== 'POST' || !url.endsWith('/columns')) return undefined;
    if ((body as { title?: unknown }).title !== 'Sector' || (sent += 1) > 1) return undefined;
    await postTo(twice, url, body);
    return undefined;
  };
  const twice = await startTestEnv({ sandbox: { failRate: 0, alwaysFailsRate: 0, intercept } });
  try {
    const workflowId = `twice-${twice.taskQueue}`;
    const input = await pipelineInputFor(twice, companies(20), {}, promptlayer);
    const run = await twice.client.workflow.start('enrichTable', {
      workflowId,
      taskQueue: twice.taskQueue,
      args: [input],
    });
    expect(await run.result()).toMatchObject({ outcome: 'completed', cells: { done: 20 } });
    const [table] = twice.sandbox.state.tables.values();
    expect(table?.computed).toHaveLength(2);
    expect(twice.sandbox.ledger.summary().cellsPaid).toBe(20);
    // What a pass went by, and what was shown of it.
    const reported = plainText(await run.fetchHistory()).matchAll(/"cellsTotal":(\d+)/g);
    expect(new Set([...reported].map(([, total]) => total))).toEqual(new Set(['20']));
  } finally {
    await twice.close();
  }
});

test('of cells that no number of the sheet has before they run, all are counted from the first', async () => {
  const promptLayer = { neverComputed: 'virtual', values: 'wrapped', cursorIn: 'top' } as const;
  const other = await startTestEnv({ sandbox: { failRate: 0, alwaysFailsRate: 0, promptLayer } });
  try {
    const rows = companies(20);
    const workflowId = `virtual-${other.taskQueue}`;
    const input = await pipelineInputFor(other, rows, {}, promptlayer);
    const ended = await executeRun(other, workflowId, input);
    const wanted = wantedRows(promptlayer, rows);
    await expectInvariants(other, { workflowId, pipeline: input.pipeline, wanted, ended });
    expect(ended).toMatchObject({ outcome: 'completed', cells: { done: 20 } });
    const run = other.client.workflow.getHandle(workflowId);
    const reported = plainText(await run.fetchHistory()).matchAll(/"cellsTotal":(-?\d+)/g);
    expect(new Set([...reported].map(([, total]) => total))).toEqual(new Set(['20']));
  } finally {
    await other.close();
  }
});

import { afterEach, expect, test } from '@jest/globals';
import {
  startSandbox,
  type FaultScript,
  type Sandbox,
  type SandboxOptions,
} from '../../sandbox/index.ts';
import type { LivePace } from '../../src/providers/live-check.ts';
import { runLiveCheck, type LiveReport } from '../../src/providers/live-run.ts';
import { createLiveCheck } from '../../src/providers/registry.ts';

const PACE: LivePace = { pollMs: 5, settleMs: 60, waitMs: 20_000 };
const KEY = 'key-of-the-check';

/** A senseless address fails: what the questions about failed cells need. */
const FAILS: FaultScript = {
  cells: [{ fault: 'failing', columns: ['doctor_linkedin'], share: 1, tries: 'every' }],
};

let sandbox: Sandbox;
afterEach(() => sandbox.close());

const open = async (options: Partial<SandboxOptions>): Promise<void> => {
  sandbox = await startSandbox({
    token: KEY,
    speed: 4_000,
    failRate: 0,
    alwaysFailsRate: 0,
    statusLagMs: 0,
    credits: 1_000,
    faults: FAILS,
    ...options,
  });
};

const env = () => ({
  EXTRUCT_BASE_URL: sandbox.url,
  EXTRUCT_API_TOKEN: KEY,
  PROMPTLAYER_BASE_URL: sandbox.url,
  PROMPTLAYER_API_KEY: KEY,
  ROWMILL_REQUESTS_PER_SECOND: '1000',
});

async function check(
  name: string,
  options: { signal?: AbortSignal; paid?: boolean; pace?: Partial<LivePace> } = {},
): Promise<LiveReport> {
  const live = createLiveCheck(name, env(), { pace: { ...PACE, ...options.pace } });
  if (live === null) throw new Error(`no check of ${name}`);
  const { signal = new AbortController().signal } = options;
  return runLiveCheck(live, { signal, paid: options.paid ?? true });
}

const found = ({ findings }: LiveReport, ...verdicts: string[]): Record<string, string> =>
  Object.fromEntries(
    findings
      .filter(({ verdict }) => verdicts.includes(verdict))
      .map((finding) => [finding.name, finding.found]),
  );

const learned = ({ answers }: LiveReport) => answers.flatMap(({ learned: facts }) => facts ?? []);

/**
 * Expects that nothing is left, nothing costs more than was said, and all questions have an answer.
 */
function expectWithinBudget(report: LiveReport, most: number): void {
  const { creditsSpent, tablesLive } = sandbox.ledger.summary();
  expect(creditsSpent).toBeLessThanOrEqual(most);
  expect(tablesLive).toBe(0);
  expect(sandbox.state.promptLayer.books.size).toBe(0);
  expect(report.stillThere).toEqual([]);
}

test('extruct: every assumption is confirmed by a matching API', async () => {
  await open({});
  const report = await check('extruct');
  expect(found(report, 'differs', 'open')).toEqual({
    'requested-in-progress': 'never seen waiting alone',
  });
  expect(found(report, 'noted')).toMatchObject({
    'page-of-1000': 'limit=1000 is taken',
    'failed-price': 'yes, 1 credit',
    'automatic-along': 'yes: company_profile, company_name, company_website',
  });
  expectWithinBudget(report, 8);
  expect(report.spent).toBe(sandbox.ledger.summary().creditsSpent);
  expect(learned(report)).toContainEqual({ credits: { agent_llm: 1 } });
});

type Extruct = NonNullable<SandboxOptions['extruct']>;

test.each<[string, Extruct, Record<string, unknown>]>([
  ['tags are ignored by the filter', { tagFilter: 'ignored' }, {}],
  [
    'tags are not shown',
    { tagsReturned: false },
    {
      'tags-returned': 'not in the reply to its create and the table when it is read',
      listed: 'after less than 1 s, without its tags',
    },
  ],
  [
    'people tables have inputs',
    { peopleColumns: 'inputs' },
    {
      'people-columns': 'input input, full_name input, role input, profile_url input',
    },
  ],
  ['a delete has no body', { deleteReply: 'empty' }, { 'delete-reply': 'an empty body' }],
  [
    'rows come back in another order',
    { rowsReply: 'reversed' },
    { 'rows-reply': 'in another order' },
  ],
  [
    'metadata is dropped',
    { metadata: 'dropped' },
    {
      'rows-reply': 'without metadata',
      'metadata-read': 'no metadata',
    },
  ],
  [
    'rows that are alike become one',
    { sameRows: 'merged' },
    {
      'rows-reply': '1 rows for 2',
      'same-input': '1 of two',
    },
  ],
  ['a page is text', { dataType: 'text/plain' }, { 'data-type': 'text/plain' }],
  ['pages are small', { pageLimit: 50 }, { 'page-of-100': 'limit=50' }],
  [
    'zeros are left out',
    { zeros: 'left out' },
    {
      counters: 'without num_cells_completed, num_cells_in_progress',
    },
  ],
  ['some columns are not counted', { outputColumns: 'named' }, { 'output-columns': '1 of 4' }],
  [
    'automatic columns cannot be named',
    { automaticScope: 'refused' },
    {
      'automatic-scope': 'refused: request_refused (422)',
    },
  ],
  ['automatic cells are charged', { automaticPrice: 1 }, { 'automatic-price': '1 credit' }],
  ['a cell is dearer', { cellPrice: 2 }, { 'agent-price': '2 credits' }],
  ['every cell is dear', { cellPrice: 3, automaticPrice: 3 }, { 'automatic-price': '3 credits' }],
  [
    'a run takes every row',
    { rowScope: 'every row' },
    {
      'row-scope': 'ran as well: company_profile of the other row',
      'requested-cells': '2 for 1',
    },
  ],
  ['a run does not say its size', { requestedTold: false }, { 'requested-cells': 'no number' }],
  ['mode new takes failed cells', { newTakesFailed: true }, { 'new-takes-failed': 'yes' }],
  [
    'mode failed does nothing',
    { failedTakesFailed: false },
    { 'failed-mode': 'no: it stays failed' },
  ],
  ['there is no balance', { balanceTold: false }, { balance: 'no balance' }],
  [
    'a subscription is missing',
    { billing: { requiresSubscription: true, planTier: 'free' } },
    {
      plan: 'plan free: a subscription is required',
    },
  ],
])(
  'extruct: found out where %s',
  async (_world, extruct, differing) => {
    await open({ extruct });
    // A table that carries no tag of a check: it must survive every world.
    const foreign = await foreignTable();
    const report = await check('extruct');
    const expected =
      extruct.tagFilter === 'ignored' ? { 'unknown-tag': 'tables without that tag' } : differing;
    expect(found(report, 'differs')).toEqual(expected);
    expect(sandbox.state.tables.delete(foreign)).toBe(true);
    expectWithinBudget(report, 8);
    for (const { verdict, means } of report.findings) {
      expect((means ?? '') !== '').toBe(verdict === 'differs');
    }
  },
  30_000,
);

async function foreignTable(): Promise<string> {
  const reply = await fetch(`${sandbox.url}/v1/tables`, {
    method: 'POST',
    headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'rowmill doctor', tags: ['rowmill-doctor', 'mine'] }),
  });
  const { id } = (await reply.json()) as { id: string };
  return id;
}

test('extruct: a list that never shows a table differs from the reference', async () => {
  await open({ extruct: { listedAfterMs: 1e12 } });
  const report = await check('extruct', { paid: false, pace: { waitMs: 1_000 } });
  expect(found(report, 'differs')).toEqual({ listed: 'not within 1 s' });
  expectWithinBudget(report, 0);
});

test.each([
  ['failed-price', 'no', { failedCells: 'returned' }],
  ['automatic-along', 'no: only what is named', { automaticAlong: false }],
  ['page-of-1000', 'limit=1000 is refused', { pageLimit: 100 }],
] as const)(
  'extruct: what nothing is documented for is noted: %s: %s',
  async (name, text, extruct) => {
    await open({ extruct });
    const report = await check('extruct');
    expect(found(report, 'noted')).toMatchObject({ [name]: text });
    expectWithinBudget(report, 8);
  },
);

test.each([
  [true, 'yes'],
  [false, 'no'],
])('extruct: whether cells that wait are counted is seen: %j', async (countRequested, text) => {
  // Cells wait for many polls, also on a busy machine, and less than what counts as settled.
  await open({ countRequested, speed: 4, cellMs: { min: 400, max: 600 } });
  const report = await check('extruct', { pace: { settleMs: 1_000 } });
  expect(found(report, 'noted')).toMatchObject({ 'requested-in-progress': text });
});

test('extruct: prices are learned within the budget', async () => {
  await open({ extruct: { automaticPrice: 1 } });
  const report = await check('extruct');
  const credits = { company_profile: 1, company_name: 1, company_website: 1 };
  expect(learned(report)).toContainEqual({ credits });
  expect(found(report, 'open')).toMatchObject({
    'automatic-along': 'not asked: it may cost 4, and 2 of the budget are left',
  });
  expect(sandbox.ledger.summary().creditsSpent).toBe(6);
});

test('promptlayer: every assumption is confirmed by a matching API', async () => {
  await open({});
  const report = await check('promptlayer');
  expect(found(report, 'differs', 'open')).toEqual({});
  expect(found(report, 'noted')).toEqual({
    'value-shape': 'as it is',
    'cell-words': 'completed, stale',
  });
  expectWithinBudget(report, 3);
  expect(report.spent).toBe(sandbox.ledger.summary().cellsPaid);
});

type PromptLayer = NonNullable<SandboxOptions['promptLayer']>;

test.each<[string, PromptLayer, Record<string, unknown>]>([
  [
    'titles are ignored by the filter',
    { nameFilter: 'ignored' },
    { 'unknown-title': 'tables of another title' },
  ],
  ['a table always has a sheet', { defaultSheet: 'always' }, { 'without-sheet': 'with 1 sheets' }],
  [
    'a sheet comes with nothing',
    { blankSheet: 'nothing' },
    { 'blank-sheet': '0 columns and 0 rows' },
  ],
  ['a column starts by itself', { startsItself: 'new columns' }, { 'column-starts': 'yes' }],
  [
    'everything starts by itself',
    { startsItself: 'new columns and rows' },
    { 'column-starts': 'yes', 'rows-start': 'yes' },
  ],
  ['indices have gaps', { indices: 'sparse' }, { 'row-indices': 'with a gap before them' }],
  ['an id cannot be read', { operationId: 'other' }, { 'operation-ids': 'not operation_id' }],
  [
    'operations are forgotten',
    { operationsKept: false },
    { 'operation-ids': 'not execution_ids, operation_id, execution_id', 'operation-kept': 'no' },
  ],
  ['pages are small', { pageLimit: 50 }, { 'page-of-100': 'limit=50' }],
  ['a delete has no body', { deleteReply: 'empty' }, { 'delete-reply': 'an empty body' }],
  [
    'an operation takes every row',
    { rowScope: 'every row' },
    { 'operation-cells': 'the other row ran as well' },
  ],
])(
  'promptlayer: found out where %s',
  async (_world, promptLayer, differing) => {
    await open({ promptLayer });
    const title = 'rowmill doctor of somebody else';
    const foreign = await foreignBook(title);
    const report = await check('promptlayer');
    expect(found(report, 'differs')).toEqual(differing);
    expect(sandbox.state.promptLayer.books.get(foreign)?.title).toBe(title);
    sandbox.state.promptLayer.books.clear();
    sandbox.state.tables.clear();
    expectWithinBudget(report, 3);
  },
  30_000,
);

test.each([
  [{ values: 'wrapped' }, { 'value-shape': 'as { value }' }],
  [{ rowWords: 'upper' }, { 'cell-words': 'COMPLETED, STALE' }],
] as const)('promptlayer: noted with %j', async (promptLayer, noted) => {
  await open({ promptLayer });
  expect(found(await check('promptlayer'), 'noted')).toMatchObject(noted);
});

async function foreignBook(title: string): Promise<string> {
  const reply = await fetch(`${sandbox.url}/api/public/v2/tables`, {
    method: 'POST',
    headers: { 'x-api-key': KEY, 'content-type': 'application/json' },
    body: JSON.stringify({ title }),
  });
  const { table } = (await reply.json()) as { table: { id: string } };
  return table.id;
}

const REQUESTS = {
  extruct: { create: 'POST /v1/tables', late: 'POST /v1/tables/:id/run', most: 8 },
  promptlayer: {
    create: 'POST /api/public/v2/tables',
    late: 'POST /api/public/v2/tables/:id/sheets/:id/operations',
    most: 3,
  },
} as const;
const NAMES = ['extruct', 'promptlayer'] as const;

const tablesLeft = () => sandbox.state.promptLayer.books.size + sandbox.state.tables.size;

test.each(NAMES)('%s: nothing is left behind when requests fail in the middle', async (name) => {
  const { late, most } = REQUESTS[name];
  await open({ faults: { requests: [{ on: late, fault: 'error', status: 500 }] } });
  const report = await check(name);
  expect(Object.values(found(report, 'open')).join()).toContain('provider_unavailable (500)');
  expectWithinBudget(report, most);
});

test.each(NAMES)('%s: a table whose create was answered by nothing is deleted', async (name) => {
  const { create } = REQUESTS[name];
  await open({ faults: { requests: [{ on: create, fault: 'reset', phase: 'after', nth: 1 }] } });
  const report = await check(name);
  expect(tablesLeft()).toBe(0);
  expect(report.stillThere).toEqual([]);
});

test.each(NAMES)('%s: interrupted in the middle, it deletes what it has made', async (name) => {
  const controller = new AbortController();
  await open({
    intercept: ({ phase, method, route }) => {
      const [, path = ''] = REQUESTS[name].late.split(' ');
      const isLate = method === 'POST' && route.endsWith(path.slice(path.lastIndexOf('/')));
      if (phase === 'after' && isLate) controller.abort(new Error('interrupted'));
      return undefined;
    },
  });
  await expect(check(name, { signal: controller.signal })).rejects.toThrow('interrupted');
  expect(tablesLeft()).toBe(0);
});

test.each(NAMES)('%s: what a killed check has left, the next one deletes', async (name) => {
  await open({});
  const killed = new AbortController();
  const live = createLiveCheck(name, env(), { pace: PACE });
  const dying = live?.probes.find((probe) => probe.name === 'page-of-100');
  if (live === null || dying === undefined) throw new Error('no such question');
  // A killed process clears nothing.
  const dead = { ...live, clearOwn: () => Promise.resolve([]) };
  const onFinding = (finding: { name: string }) => {
    if (finding.name === dying.name) killed.abort(new Error('killed'));
  };
  await expect(runLiveCheck(dead, { signal: killed.signal, onFinding })).rejects.toThrow('killed');
  expect(tablesLeft()).toBeGreaterThan(0);
  expect(await check(name)).toMatchObject({ leftoversDeleted: 1, stillThere: [] });
  expect(tablesLeft()).toBe(0);
});

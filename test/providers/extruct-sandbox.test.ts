import { afterEach, expect, test } from '@jest/globals';
import type { Intercept } from '../../sandbox/index.ts';
import type { ColumnConfig, TableSpec } from '../../src/contract/pipeline.ts';
import type { SnapshotRow } from '../../src/contract/rows.ts';
import type { TableRef } from '../../src/contract/table.ts';
import { createExtructProvider } from '../../src/providers/extruct/provider.ts';
import type { Provider } from '../../src/providers/provider.ts';
import { failureOf } from '../http/calls.ts';
import { readAll, stageOf, type Scene } from './sandbox-scene.ts';

const { scene, clear } = stageOf(createExtructProvider);
afterEach(clear);

const agent = (key: string, prompt: string): ColumnConfig => ({
  kind: 'agent',
  key,
  name: key,
  value: { agent_type: 'llm', prompt, output_format: 'text' },
});

const columns = [
  agent('sector', 'Which GICS sector is {company_name} in?'),
  agent('city', 'In which city are the headquarters?'),
  agent('pitch', 'Write a pitch for a {sector} company'),
];
const spec: TableSpec = { kind: 'company', description: 'Companies', tags: ['nightly'], columns };

const rowsOf = (count: number): SnapshotRow[] =>
  Array.from({ length: count }, (_, nth) => ({
    key: `K${nth}`,
    input: { input: nth === 0 ? '3M' : `Company ${nth}` },
  }));

async function load(provider: Provider, rows: SnapshotRow[]): Promise<TableRef> {
  const table = await provider.createTable(spec, 'A table', 'run-1', {});
  for (let from = 0; from < rows.length; from += provider.limits.rowsPerAdd) {
    await provider.addRows(table, rows.slice(from, from + provider.limits.rowsPerAdd), {});
  }
  return table;
}

async function untilIdle({ provider, passMs }: Scene, table: TableRef): Promise<number> {
  for (let reads = 1; reads < 1000; reads += 1) {
    passMs(2000);
    const { running, cellsInProgress } = await provider.progress(table, null, {});
    if (!running && cellsInProgress === 0) return reads;
  }
  throw new Error('it never became idle');
}

test('the whole way: table, rows, run, rerun of failed cells, pages', async () => {
  const here = await scene({ failRate: 0.1, alwaysFailsRate: 0.02, seed: 7 });
  const { sandbox, provider } = here;
  const rows = rowsOf(230);
  const before = await provider.account({});
  const table = await load(provider, rows);

  const [found, ...others] = await provider.findTables('run-1', {});
  expect(found).toMatchObject({ id: table.id, rows: 230 });
  expect(others).toEqual([]);
  expect(await provider.findTables('run-2', {})).toEqual([]);
  expect(await provider.ensureColumns(table, spec, {})).toEqual(table);

  const columnIds = table.columns.filter((column) => column.ours).map((column) => column.id);
  const tableRun = await provider.startTableRun(table, { mode: 'new', columnIds }, {});
  expect(tableRun.operations.length).toBe(1);
  await untilIdle(here, table);
  const first = await readAll(provider, table);
  expect(first.map((row) => row.key)).toEqual(rows.map((row) => row.key));
  const failed = first.filter((row) =>
    Object.values(row.cells).some((cell) => cell.status === 'failed'),
  );
  expect(failed.length).toBeGreaterThan(0);

  const rowIds = failed.map((row) => row.id);
  // Repaired cells let others start, which may fail on their first try too.
  for (const mode of ['failed', 'new', 'failed'] as const) {
    await provider.startTableRun(table, { mode, columnIds, rowIds }, {});
    await untilIdle(here, table);
  }

  const last = await readAll(provider, table);
  for (const [nth, row] of last.entries()) {
    for (const [at, key] of ['sector', 'city', 'pitch'].entries()) {
      const truth = sandbox.truth('company', rows[nth]?.input ?? {}, columns[at] ?? {}, columns);
      const cell = row.cells[key];
      if (truth.blockedBy.length > 0) expect(cell?.status).not.toBe('done');
      else if (truth.alwaysFails) expect(cell?.status).toBe('failed');
      else expect(cell).toMatchObject({ status: 'done', value: truth.answer });
    }
  }
  expect(last[0]?.cells['sector']?.value).toBe('Industrials');
  expect(last[0]?.cells['company_name']?.status).toBe('done');
  expect(last[0]?.cells).not.toHaveProperty('input');

  const progress = await provider.progress(table, null, {});
  const computed = last.flatMap((row) => Object.values(row.cells));
  expect(progress).toMatchObject({ rows: 230, running: false, cellsTotal: computed.length });
  expect(progress.cellsDone).toBe(computed.filter(({ status }) => status === 'done').length);
  const after = await provider.account({});
  const { creditsSpent, duplicates } = sandbox.ledger.summary();
  expect((before.credits ?? 0) - (after.credits ?? 0)).toBe(creditsSpent);
  expect(duplicates).toEqual({ tables: 0, rows: 0, cells: 0 });
});

test('a table takes missing columns and deletions of rows', async () => {
  const { sandbox, provider } = await scene();
  const less = { ...spec, columns: columns.slice(0, 1) };
  const { id } = await provider.createTable(less, 'A table', 'run-1', {});
  const table = await provider.ensureColumns({ id }, spec, {});
  expect(table.columns.filter((column) => column.ours).map(({ key }) => key)).toEqual([
    'sector',
    'city',
    'pitch',
  ]);
  expect(table.columns.find(({ key }) => key === 'pitch')?.dependsOn).toContain('sector');
  const ids = await provider.addRows(table, rowsOf(50), {});
  await provider.deleteRows?.(table, ids.slice(1), {});
  expect((await readAll(provider, table)).map((row) => row.id)).toEqual(ids.slice(0, 1));
  await provider.deleteTable(id, {});
  await provider.deleteTable(id, {});
  expect(sandbox.ledger.summary().tablesLive).toBe(0);
  expect((await failureOf(provider.progress(table, null, {}))).code).toBe('not_found');
});

/** Does the action to the reply of the first request of the method and route. */
const spoil =
  (method: string, route: string, action: ReturnType<Intercept>): Intercept =>
  (seen) =>
    seen.phase === 'after' && seen.method === method && seen.route === route && seen.nth === 1
      ? action
      : undefined;

test.each([
  ['reset', { do: 'reset' }, 'provider_unreachable'],
  ['cut in the middle', { do: 'truncate', bytes: 20 }, 'provider_unreachable'],
  [
    'replaced by a page',
    { do: 'reply', status: 502, headers: { 'content-type': 'text/html' }, body: '<html>' },
    'provider_unavailable',
  ],
  [
    'empty',
    { do: 'reply', status: 200, headers: { 'content-type': 'application/json' }, body: '' },
    'reply_unreadable',
  ],
] as const)('adding rows whose reply is %s is ambiguous', async (_name, action, code) => {
  const { sandbox, provider } = await scene({
    intercept: spoil('POST', '/v1/tables/:table_id/rows', action),
  });
  const table = await provider.createTable(spec, 'A table', 'run-1', {});
  const failure = await failureOf(provider.addRows(table, rowsOf(5), {}));
  expect(failure).toMatchObject({ code, ambiguous: true, retryable: true });
  expect(sandbox.ledger.summary().rowsCreated).toBe(5);
});

test('a lost reply to a read is read again, by one more request', async () => {
  const { provider, sandbox } = await scene({
    intercept: spoil('GET', '/v1/user', { do: 'reset' }),
  });
  const sent: string[] = [];
  const account = await provider.account({ onRequest: (route) => sent.push(route) });
  expect(account.credits).toBe(1_000_000);
  expect(sent).toEqual(['GET /v1/user', 'GET /v1/user']);
  expect(sandbox.ledger.summary().requests.total).toBe(2);
});

test('a wrong token is unauthorized', async () => {
  const { provider } = await scene({}, 'another-token-9');
  const failure = await failureOf(provider.account({}));
  expect(failure).toMatchObject({ code: 'unauthorized', where: 'GET /v1/user' });
  expect(failure.message).not.toContain('another-token-9');
});

test('a column that mentions what is not there is refused, with the reason', async () => {
  const { provider, sandbox } = await scene();
  const broken = { ...spec, columns: [agent('a', 'What of {nothing_here}?')] };
  const failure = await failureOf(provider.createTable(broken, 'A table', 'run-1', {}));
  expect(failure).toMatchObject({ code: 'request_refused', ambiguous: false, retryable: false });
  expect(failure.what).toContain('nothing_here');
  expect(sandbox.ledger.summary().tablesCreated).toBe(0);
});

test('without credits a run is refused as that', async () => {
  const { provider } = await scene({ credits: 0 });
  const table = await load(provider, rowsOf(1));
  const columnIds = table.columns.filter((column) => column.ours).map((column) => column.id);
  const failure = await failureOf(provider.startTableRun(table, { mode: 'new', columnIds }, {}));
  expect(failure).toMatchObject({ code: 'insufficient_credits', ambiguous: false });
});

test.each([
  [{ requiresSubscription: false, planTier: 'pro' }, 'plan pro', null],
  [
    { requiresSubscription: true, planTier: 'free' },
    'plan free, a subscription is required',
    'a subscription is required',
  ],
])('one request reads the plan with its restrictions: %j', async (billing, text, obstacle) => {
  let requests = 0;
  const intercept: Intercept = ({ phase }) => {
    if (phase === 'before') requests += 1;
    return undefined;
  };
  const { provider } = await scene({ extruct: { billing }, intercept });
  expect(await provider.plan?.({})).toEqual({ text, obstacle });
  expect(requests).toBe(1);
});

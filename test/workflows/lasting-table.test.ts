import { afterEach, describe, expect, test } from '@jest/globals';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { FaultScript } from '../../sandbox/index.ts';
import { Rowmill } from '../../src/client/rowmill.ts';
import type { Json } from '../../src/contract/json.ts';
import type { ResultRow } from '../../src/contract/results.ts';
import type { EnrichTableInput, NightOptions, RunSummary } from '../../src/contract/run.ts';
import type { TableShape } from '../../src/providers/provider-spec.ts';
import { createProviders } from '../../src/providers/registry.ts';
import { readLines } from '../../src/store/disk/lines.ts';
import { eventually } from '../support/eventually.ts';
import { allEnv, CASES } from '../support/providers/cases.ts';
import type { ProviderCase } from '../support/providers/provider-case.ts';
import { executeRun, pipelineInputFor, startTestEnv, type TestEnv } from '../support/test-env.ts';

let testEnv: TestEnv;
afterEach(() => testEnv.close());

const CLEAN = { failRate: 0, alwaysFailsRate: 0 };

let nights = 0;

interface NightFields {
  refresh?: Record<string, unknown>;
  columns?: TableShape;
  options?: NightOptions;
  [field: string]: unknown;
}

/** Returns the input of a night over these companies, by symbol. */
async function inputOf(
  one: ProviderCase,
  companies: Record<string, string>,
  { refresh = {}, columns = one.tables.two, options, ...more }: NightFields = {},
): Promise<EnrichTableInput> {
  const rows = Object.entries(companies).map(([Symbol, Security]) => ({ Symbol, Security }));
  const table = { ...columns, keep: true };
  const input = await pipelineInputFor(testEnv, rows, { table, refresh, ...more }, one);
  return options === undefined ? input : { ...input, night: options };
}

const nextId = (): string => `night-${testEnv.taskQueue}-${(nights += 1)}`;

async function night(
  one: ProviderCase,
  companies: Record<string, string>,
  fields: NightFields = {},
): Promise<RunSummary> {
  return executeRun(testEnv, nextId(), await inputOf(one, companies, fields));
}

async function results({ results: [file] }: RunSummary): Promise<ResultRow[]> {
  const rows: ResultRow[] = [];
  for await (const line of readLines(file?.path ?? '')) rows.push(JSON.parse(line) as ResultRow);
  return rows;
}

const paid = (): number => testEnv.sandbox.ledger.summary().cellsPaid;

/** Cells paid by these runs, in the order of the runs. */
async function paidBy(run: () => Promise<RunSummary>): Promise<[RunSummary, number]> {
  const before = paid();
  const summary = await run();
  return [summary, paid() - before];
}

const FIRST = { MMM: '3M', AFL: 'Aflac', AOS: 'A. O. Smith' };

describe.each(CASES.map((one) => [one.name, one] as const))('%s', (_name, one) => {
  const [first = '', second = ''] = one
    .columnsOf({ table: one.tables.two } as never)
    .filter(({ paid }) => paid)
    .map(({ key }) => key);

  test('a night pays only for what is new or changed', async () => {
    testEnv = await startTestEnv({ sandbox: CLEAN });
    const [one1, all] = await paidBy(() => night(one, FIRST));
    expect(one1).toMatchObject({ outcome: 'completed', rows: 3 });
    expect(one1.incremental).toEqual({
      rowsNew: 3,
      rowsChanged: 0,
      rowsVanished: 0,
      due: { new: 6 },
      kept: 0,
    });
    expect(all).toBe(6);

    const [same, none] = await paidBy(() => night(one, FIRST));
    expect(same).toMatchObject({ outcome: 'completed', passes: 0, tableId: one1.tableId });
    expect(same.incremental).toMatchObject({ rowsNew: 0, rowsChanged: 0, due: {}, kept: 6 });
    expect(none).toBe(0);
    expect(await results(same)).toEqual(await results(one1));

    const next = { MMM: '3M', ABT: 'Abbott Laboratories', AFL: 'Accenture' };
    const [changed, due] = await paidBy(() => night(one, next));
    expect(changed.incremental).toEqual({
      rowsNew: 1,
      rowsChanged: 1,
      rowsVanished: 1,
      due: { new: 2, changed: 2 },
      kept: 4,
    });
    expect(due).toBe(4);
    const rows = await results(changed);
    expect(rows.map(({ key }) => key)).toEqual(['MMM', 'ABT', 'AFL', 'AOS']);
    expect(rows.every(({ complete }) => complete)).toBe(true);
    expect(rows.map(({ vanished }) => vanished)).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
    const [column = ''] = Object.keys(one.map);
    expect(rows.map(({ input }) => input[column])).toEqual([
      '3M',
      'Abbott Laboratories',
      'Accenture',
      'A. O. Smith',
    ]);
    const answers = (row: ResultRow | undefined): Json[] =>
      Object.values(row?.cells ?? {}).map(({ value }) => value);
    // The same answers as one full run over the last source gives.
    const fresh = await night(one, next, { name: 'fresh-pipeline' });
    const wanted = new Map((await results(fresh)).map((row) => [row.key, answers(row)]));
    for (const row of rows) {
      if (wanted.has(row.key)) expect(answers(row)).toEqual(wanted.get(row.key));
    }
    expect(testEnv.sandbox.ledger.summary().tablesLive).toBe(2);
  });

  test('old answers are asked for again, of the columns that the file names', async () => {
    testEnv = await startTestEnv({ sandbox: CLEAN });
    await night(one, FIRST);
    const refresh = { columns: { [first]: '1ms' } };
    const [aged, due] = await paidBy(() => night(one, FIRST, { refresh }));
    expect(aged.incremental).toMatchObject({ due: { age: 3 }, kept: 3 });
    expect(due).toBe(3);
    const young = await night(one, FIRST, { refresh: { columns: { [second]: '300d' } } });
    expect(young.incremental).toMatchObject({ due: {}, kept: 6 });
  });

  test('rows that left the source are never asked for, marked or deleted', async () => {
    testEnv = await startTestEnv({ sandbox: CLEAN });
    await night(one, FIRST);
    const left = { MMM: '3M', AFL: 'Aflac' };
    const refresh = { vanished: 'mark', columns: { [first]: '1ms' } };
    const [marked, due] = await paidBy(() => night(one, left, { refresh }));
    expect(due).toBe(2);
    expect((await results(marked)).map(({ key, vanished }) => [key, vanished])).toEqual([
      ['MMM', undefined],
      ['AFL', undefined],
      ['AOS', true],
    ]);
    const [returned, none] = await paidBy(() =>
      night(one, FIRST, { refresh: { vanished: 'mark' } }),
    );
    expect(none).toBe(0);
    expect((await results(returned)).map(({ vanished }) => vanished)).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    if (one.name !== 'extruct') return;
    const [dropped] = await paidBy(() => night(one, left, { refresh: { vanished: 'drop' } }));
    expect((await results(dropped)).map(({ key }) => key)).toEqual(['MMM', 'AFL']);
    expect(testEnv.sandbox.ledger.summary().rowsLive).toBe(2);
  });

  test('a changed prompt waits for the word of the operator', async () => {
    testEnv = await startTestEnv({ sandbox: CLEAN });
    const { chain } = one.tables;
    const reworded = { ...chain, columns: [...chain.columns.slice(0, -1), one.reworded.column] };
    await night(one, FIRST, { columns: chain });
    const [waiting, none] = await paidBy(() => night(one, FIRST, { columns: reworded }));
    expect(waiting.incremental).toMatchObject({ due: {}, columnsWaiting: [one.reworded.key] });
    expect(none).toBe(0);
    const applied = { columns: reworded, options: { apply: true } };
    const [changed, due] = await paidBy(() => night(one, FIRST, applied));
    expect(changed.incremental).toMatchObject({ due: { changed: 3 }, kept: 3 });
    expect(changed.incremental?.columnsWaiting).toBeUndefined();
    expect(due).toBe(3);
    const [after, nothing] = await paidBy(() => night(one, FIRST, { columns: reworded }));
    expect(after.incremental).toEqual({
      rowsNew: 0,
      rowsChanged: 0,
      rowsVanished: 0,
      due: {},
      kept: 6,
    });
    expect(nothing).toBe(0);
  });

  test('a new column is asked for in every row', async () => {
    testEnv = await startTestEnv({ sandbox: CLEAN });
    await night(one, FIRST, { columns: one.tables.one });
    const [added, due] = await paidBy(() => night(one, FIRST));
    expect(added.incremental).toMatchObject({ due: { new: 3 }, kept: 3 });
    expect(due).toBe(3);
    expect((await results(added)).every(({ complete }) => complete)).toBe(true);
  });

  test('a new column is not asked for in a row that left the source', async () => {
    testEnv = await startTestEnv({ sandbox: CLEAN });
    await night(one, FIRST, { columns: one.tables.one });
    const [summary, due] = await paidBy(() => night(one, { MMM: '3M', AFL: 'Aflac' }));
    expect(summary).toMatchObject({
      outcome: 'completed',
      cells: { done: 5, pending: 0, skipped: 1 },
      quarantine: null,
    });
    expect(due).toBe(2);
    const gone = (await results(summary)).find(({ key }) => key === 'AOS');
    expect(gone?.cells[second]).toMatchObject({ status: 'skipped' });
  });

  test('`refresh.failed` decides whether cells without an answer are retried', async () => {
    testEnv = await startTestEnv({ sandbox: { failRate: 0.5, alwaysFailsRate: 0, seed: 3 } });
    const run = { failedPasses: 0, minPollInterval: '100ms', maxPollInterval: '1s' };
    const { cells } = await night(one, FIRST, { run });
    expect(cells.failed).toBeGreaterThan(0);
    const leave = { refresh: { failed: 'leave' } };
    const [left, none] = await paidBy(() => night(one, FIRST, leave));
    expect(left).toMatchObject({ outcome: 'partial', passes: 0 });
    expect(none).toBe(0);
    const [retried, due] = await paidBy(() => night(one, FIRST, { run }));
    expect(retried.incremental).toMatchObject({ due: { failed: cells.failed } });
    expect(due).toBe(cells.failed);
    expect(retried.outcome).toBe('completed');
  });

  test('every answer is asked for once more with `full`', async () => {
    testEnv = await startTestEnv({ sandbox: CLEAN });
    await night(one, FIRST);
    const [all, due] = await paidBy(() => night(one, FIRST, { options: { full: true } }));
    expect(all.incremental).toMatchObject({ due: { all: 6 }, kept: 0 });
    expect(due).toBe(6);
  });

  test('two nights at once pay each cell once in one table', async () => {
    testEnv = await startTestEnv({ sandbox: CLEAN });
    const inputs = [FIRST, { MMM: '3M', AFL: 'Aflac', ABT: 'Abbott Laboratories' }].map((rows) =>
      inputOf(one, rows),
    );
    const both = await Promise.all(
      inputs.map(async (input) => executeRun(testEnv, nextId(), await input)),
    );
    expect(both.map(({ outcome }) => outcome)).toEqual(['completed', 'completed']);
    expect(new Set(both.map(({ tableId }) => tableId)).size).toBe(1);
    expect(paid()).toBe(8);
    const { duplicates, tablesLive } = testEnv.sandbox.ledger.summary();
    expect(duplicates).toEqual({ tables: 0, rows: 0, cells: 0 });
    expect(tablesLive).toBe(1);
  });

  test('a night that was terminated asks the next one for what it has not asked', async () => {
    testEnv = await startTestEnv({ sandbox: CLEAN, deps: { commitWaitFactor: 0.01 } });
    await night(one, FIRST);
    const changed = { ...FIRST, AFL: 'Accenture' };
    const reached: string[] = [];
    const terminated = await testEnv.client.workflow.start('enrichTable', {
      workflowId: nextId(),
      taskQueue: testEnv.taskQueue,
      args: [await inputOf(one, changed)],
    });
    await eventually('the inputs are being changed', async () => {
      const { events } = await terminated.fetchHistory();
      reached.push(
        ...(events ?? []).flatMap(
          ({ activityTaskScheduledEventAttributes: scheduled }) =>
            scheduled?.activityType?.name ?? [],
        ),
      );
      return reached.includes('changeInputs');
    });
    await terminated.terminate();
    const before = paid();
    const next = await night(one, changed);
    expect(next).toMatchObject({ outcome: 'completed' });
    expect(next.incremental?.due).toEqual({ changed: 2 });
    expect(paid() - before).toBe(2);
    const [same, none] = await paidBy(() => night(one, changed));
    expect(same.incremental?.due).toEqual({});
    expect(none).toBe(0);
  });

  test('a changed cell is asked for once, on a machine whose clock is behind', async () => {
    const aheadMs = 3 * 86_400_000;
    const deps = { now: () => Date.now() + aheadMs };
    testEnv = await startTestEnv({ sandbox: CLEAN, deps });
    const run = { minPollInterval: '100ms', maxPollInterval: '1s', deadline: '90d' };
    await night(one, FIRST, { run });
    const changed = { ...FIRST, AFL: 'Accenture' };
    const [, due] = await paidBy(() => night(one, changed, { run }));
    expect(due).toBe(2);
    const [same, none] = await paidBy(() => night(one, changed, { run }));
    expect(same.incremental?.due).toEqual({});
    expect(none).toBe(0);
  });

  test('inputs that were edited at the provider are reported', async () => {
    testEnv = await startTestEnv({ sandbox: CLEAN });
    const { tableId } = await night(one, FIRST);
    const env = { ...allEnv(testEnv.sandbox.url), ROWMILL_REQUESTS_PER_SECOND: '500' };
    const provider = createProviders(env).get(one.name);
    const spec = { tags: [], ...one.tables.two, columns: [...one.tables.two.columns] };
    const table = await provider.ensureColumns({ id: tableId ?? '' }, spec, {});
    const { rows } = await provider.page(table, null, {}, undefined, true);
    const row = rows.find(({ key }) => key === 'AFL');
    const [column = ''] = Object.keys(one.map);
    const { id = '', inputs: cells = {} } = row ?? {};
    const input = { [column]: 'Edited' };
    await provider.updateRows?.(table, [{ id, key: 'AFL', input, cells }], {});
    const edited = await night(one, FIRST);
    expect(edited.incremental).toMatchObject({ rowsDrifted: 1 });
    const applied = await night(one, FIRST, { options: { apply: true } });
    expect(applied.incremental).toMatchObject({ due: { changed: 2 } });
    expect(applied.incremental?.rowsDrifted).toBeUndefined();
    expect((await night(one, FIRST)).incremental).toMatchObject({ due: {}, kept: 6 });
  });

  test('a table that was deleted is made anew only on the word of the operator', async () => {
    testEnv = await startTestEnv({ sandbox: CLEAN });
    const { tableId } = await night(one, FIRST);
    const provider = createProviders(allEnv(testEnv.sandbox.url)).get(one.name);
    await provider.deleteTable(tableId ?? '', {});
    await expect(night(one, FIRST)).rejects.toMatchObject({
      cause: { type: 'table_gone' },
    });
    const anew = await night(one, FIRST, { options: { apply: true, newTable: true } });
    expect(anew).toMatchObject({ outcome: 'completed', incremental: { due: { new: 6 } } });
    expect((await night(one, FIRST)).incremental).toMatchObject({ due: {}, kept: 6 });
  });

  test('a pipeline whose key is another column is refused', async () => {
    testEnv = await startTestEnv({ sandbox: CLEAN });
    await night(one, FIRST);
    const rows = { inline: [{ Symbol: 'MMM', Security: '3M' }], key: 'Security', map: one.map };
    await expect(night(one, FIRST, { rows })).rejects.toMatchObject({
      cause: { type: 'table_differs' },
    });
    expect(paid()).toBe(6);
  });

  test.each(['update-rows', 'add-rows', 'start-run', 'read-rows'] as const)(
    'a lost reply to %s makes no difference to a night',
    async (on) => {
      // In the second night only.
      const when = { on, while: { cellsPaid: { atLeast: 6 } } };
      const faults: FaultScript = {
        requests: [
          { ...when, nth: 1, fault: 'reset', phase: 'after' },
          { ...when, nth: 2, fault: 'error', status: 503, phase: 'before' },
        ],
      };
      const sandbox = { ...CLEAN, faults };
      testEnv = await startTestEnv({ sandbox, deps: { commitWaitFactor: 0.05 } });
      await night(one, FIRST);
      const next = { MMM: '3M', AFL: 'Accenture', ABT: 'Abbott Laboratories' };
      const refresh = { columns: { [first]: '1ms' } };
      const [summary, due] = await paidBy(() => night(one, next, { refresh }));
      expect(summary).toMatchObject({ outcome: 'completed', rows: 4 });
      expect(summary.incremental?.due).toEqual({ new: 2, changed: 2, age: 1 });
      expect(due).toBe(5);
      expect((await results(summary)).every(({ complete }) => complete)).toBe(true);
      expect(testEnv.sandbox.ledger.summary().duplicates).toMatchObject({ tables: 0, rows: 0 });
    },
  );

  test('a changed input that the API refuses leaves its row in the quarantine', async () => {
    const on = 'update-rows' as const;
    const faults: FaultScript = { requests: [{ on, contains: 'Refused', fault: 'refuse' }] };
    testEnv = await startTestEnv({ sandbox: { ...CLEAN, faults } });
    await night(one, FIRST);
    const next = { MMM: '3M', AFL: 'Accenture', AOS: 'Refused', ABT: 'Abbott Laboratories' };
    const [summary, due] = await paidBy(() => night(one, next));
    // Two cells of the changed row, and two of the new one.
    expect(due).toBe(4);
    expect(summary).toMatchObject({ outcome: 'partial', cells: { done: 6, blocked: 2 } });
    const left: unknown[] = [];
    for await (const line of readLines(summary.quarantine?.path ?? '')) left.push(JSON.parse(line));
    expect(left).toEqual(
      [first, second].map((column) => ({
        key: 'AOS',
        column,
        status: 'blocked',
        reason: expect.stringContaining('the API refused the changed inputs: '),
        attempts: 0,
      })),
    );
    // The next night tries once more.
    const [same, none] = await paidBy(() => night(one, next));
    expect(same).toMatchObject({ outcome: 'partial', cells: { blocked: 2 } });
    expect(none).toBe(0);
    const [taken, two] = await paidBy(() => night(one, { ...next, AOS: 'A. O. Smith' }));
    expect(taken.outcome).toBe('completed');
    expect(two).toBe(2);
  });

  test('a check warns of a file with the name of the pipeline and other rows', async () => {
    testEnv = await startTestEnv({ sandbox: CLEAN });
    await night(one, FIRST);
    const { store } = testEnv;
    const warningsOf = async (companies: Record<string, string>): Promise<string[]> => {
      const { pipeline } = await inputOf(one, companies);
      const file = join(testEnv.folder, 'pipeline.json');
      expect(pipeline.name).toBe('test-pipeline');
      return (await Rowmill.check({ pipeline: file, store })).warnings;
    };
    expect(await warningsOf({ ABT: 'Abbott Laboratories' })).toEqual([
      'no row of the source is in the lasting table, whose 3 rows count as gone: is "test-pipeline" the name of another pipeline, too?',
    ]);
    expect(await warningsOf({ ABT: 'Abbott Laboratories', MMM: '3M' })).toEqual([]);
    expect(await warningsOf(FIRST)).toEqual([]);
  });

  test('rows of another file, none of which the table has, are refused until the operator says so', async () => {
    testEnv = await startTestEnv({ sandbox: CLEAN });
    const fileOf = async (name: string, text: string): Promise<object> => {
      const from = join(testEnv.folder, name);
      await writeFile(from, `Symbol,Security\n${text}`);
      return { rows: { from, key: 'Symbol', map: one.map } };
    };
    const mine = await fileOf('mine.csv', 'MMM,3M\nAFL,Aflac\n');
    await night(one, {}, { ...mine });
    const other = await fileOf('other.csv', 'ABT,Abbott Laboratories\n');
    await expect(night(one, {}, { ...other })).rejects.toMatchObject({
      cause: { type: 'table_differs', message: expect.stringContaining('mine.csv') },
    });
    await inputOf(one, {}, { ...other });
    const file = join(testEnv.folder, 'pipeline.json');
    await expect(Rowmill.check({ pipeline: file, store: testEnv.store })).rejects.toMatchObject({
      code: 'table_differs',
    });
    expect(paid()).toBe(4);
    const replaced = await night(one, {}, { ...other, options: { apply: true } });
    expect(replaced).toMatchObject({ outcome: 'completed', rows: 3 });
    // The same list under another name is no other pipeline.
    await night(one, {}, { ...(await fileOf('moved.csv', 'ABT,Abbott Laboratories\n')) });
    expect(paid()).toBe(6);
  });

  test('a check knows the night before it costs anything', async () => {
    testEnv = await startTestEnv({ sandbox: CLEAN });
    const { chain } = one.tables;
    const columns = [...chain.columns.slice(0, -1), one.reworded.column];
    await night(one, FIRST, { columns: chain });
    const next = { MMM: '3M', AFL: 'Accenture', ABT: 'Abbott Laboratories' };
    const rows = Object.entries(next).map(([Symbol, Security]) => ({ Symbol, Security }));
    const pipeline = {
      name: 'test-pipeline',
      provider: one.name,
      table: { ...chain, columns, keep: true },
      rows: { inline: rows, key: 'Symbol', map: one.map },
      spend: { maxCredits: 5 },
      results: [{ to: join(testEnv.folder, 'out/results.jsonl') }],
    };
    const check = async (options: NightOptions = {}) => {
      const file = join(testEnv.folder, 'check.json');
      await writeFile(file, JSON.stringify(pipeline));
      const plan = await Rowmill.check({ pipeline: file, night: options, store: testEnv.store });
      return { ...plan.estimate, refusal: plan.refusal };
    };
    const { night: tonight, credits, refusal } = await check();
    expect(tonight).toMatchObject({
      rowsNew: 1,
      rowsChanged: 1,
      rowsVanished: 1,
      due: { new: expect.anything(), changed: expect.anything() },
      kept: 2,
      columnsChanged: [one.reworded.key],
      creditsOfAll: 6,
    });
    expect(credits).toBe(4);
    expect(refusal).toBeNull();
    expect((await check({ apply: true })).credits).toBe(5);
    expect((await check({ full: true })).refusal).toMatchObject({ code: 'spend_refused' });
  });
});

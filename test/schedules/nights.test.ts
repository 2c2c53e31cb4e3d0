import { afterEach, describe, expect, test } from '@jest/globals';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TableShape } from '../../src/providers/provider-spec.ts';
import { deleteSchedule } from '../../src/client/schedules/index.ts';
import { Rowmill } from '../../src/client/rowmill.ts';
import { budgetWorkflowId } from '../../src/contract/budget.ts';
import type { ChangeLine, ResultRow } from '../../src/contract/results.ts';
import type { RunSummary } from '../../src/contract/run.ts';
import { CASES } from '../support/providers/cases.ts';
import { eventually } from '../support/eventually.ts';
import { startTestEnv, type TestEnv } from '../support/test-env.ts';
import { calmZone } from '../support/calm-zone.ts';

let testEnv: TestEnv;
let rowmill: Rowmill;
let name: string;
afterEach(async () => {
  await deleteSchedule(testEnv.client, name).catch(() => undefined);
  const budget = testEnv.client.workflow.getHandle(budgetWorkflowId(name));
  await budget.terminate().catch(() => undefined);
  await testEnv.close();
});

const file = (path: string): string => join(testEnv.folder, path);

/** Lines of a published file, by key. */
async function published<Line extends { key: string }>(path: string): Promise<Line[]> {
  const lines = (await readFile(file(path), 'utf8')).trimEnd().split('\n');
  // Written by the sinks, whose own tests check the shape.
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Line);
}

const writeCompanies = (companies: Record<string, string>): Promise<void> =>
  writeFile(
    file('companies.csv'),
    ['Symbol,Security', ...Object.entries(companies).map((row) => row.join(','))].join('\n'),
  );

async function writePipeline(provider: string, table: TableShape, map: object): Promise<string> {
  const pipeline = {
    name,
    provider,
    table: { ...table, keep: true },
    rows: { from: 'companies.csv', key: 'Symbol', map },
    run: { minPollInterval: '100ms', maxPollInterval: '1s', stallAfter: '20s', deadline: '10m' },
    spend: { perDay: { maxCredits: 50, budget: name, timezone: calmZone() } },
    results: [{ to: 'out/leads.jsonl' }],
    schedule: { at: '02:30', timezone: 'UTC' },
  };
  await writeFile(file('pipeline.json'), JSON.stringify(pipeline));
  return file('pipeline.json');
}

/** Runs the night of a day as `rowmill schedule backfill` does, and waits for its end. */
async function night(day: string): Promise<RunSummary> {
  const span = { from: new Date(`${day}T00:00:00Z`), to: new Date(`${day}T12:00:00Z`) };
  const { due } = await rowmill.schedules.backfill(name, span);
  expect(due).toEqual([`${day}T02:30:00.000Z`]);
  const workflowId = `${name}-${day}T02:30:00Z`;
  await eventually(`the night of ${day} has begun`, async () => {
    const { recent } = await rowmill.schedules.describe(name);
    return recent.some((run) => run.workflowId === workflowId);
  });
  return (await rowmill.attach(workflowId)).wait();
}

describe.each(CASES.map((one) => [one.name, one] as const))('%s', (_name, one) => {
  const { chain } = one.tables;
  const reworded = { ...chain, columns: [...chain.columns.slice(0, -1), one.reworded.column] };
  const columns = one
    .columnsOf({ table: chain } as never)
    .filter(({ paid }) => paid)
    .map(({ key }) => key);
  const [first = '', second = ''] = columns;

  const startsBefore = new Map<string, number>();
  /** Paid cells that were started since the last call, each as often as it was. */
  function started(): string[] {
    const cells = one.tablesIn(testEnv.sandbox).flatMap(({ id, rows, cells: accounts }) =>
      accounts
        .filter(({ column }) => columns.includes(column))
        .map(({ rowId, column, starts }) => {
          const row = rows.find((live) => live.id === rowId);
          return { cell: `${id}/${rowId}/${column}`, says: `${row?.key}.${column}`, starts };
        }),
    );
    const since = cells.flatMap(({ cell, says, starts }) =>
      Array<string>(starts - (startsBefore.get(cell) ?? 0)).fill(says),
    );
    for (const { cell, starts } of cells) startsBefore.set(cell, starts);
    return since.sort();
  }

  const cellsOf = (keys: readonly string[], of: readonly string[] = [first, second]): string[] =>
    keys.flatMap((key) => of.map((column) => `${key}.${column}`)).sort();

  const changes = async (): Promise<[string, string][]> =>
    (await published<ChangeLine>('out/leads.changes.jsonl'))
      .map(({ key, change }): [string, string] => [key, change])
      .sort(([a], [b]) => a.localeCompare(b));

  const keysPublished = async (): Promise<string[]> => {
    const rows = await published<ResultRow>('out/leads.jsonl');
    expect(rows.every(({ complete }) => complete)).toBe(true);
    return rows.map(({ key }) => key);
  };

  test('each night of a schedule pays only for what is due', async () => {
    testEnv = await startTestEnv({ sandbox: { failRate: 0, alwaysFailsRate: 0 } });
    const { client, store, taskQueue } = testEnv;
    rowmill = await Rowmill.connect({ client, store, taskQueue });
    name = `nights-${one.name}-${process.pid}`;

    await writeCompanies({ MMM: '3M', AFL: 'Aflac', AOS: 'A. O. Smith' });
    let pipeline = await writePipeline(one.name, chain, one.map);
    await rowmill.schedules.apply({ pipeline });

    const all = await night('2026-01-05');
    expect(all).toMatchObject({ outcome: 'completed', incremental: { due: { new: 6 }, kept: 0 } });
    expect(started()).toEqual(cellsOf(['MMM', 'AFL', 'AOS']));
    expect(await keysPublished()).toEqual(['MMM', 'AFL', 'AOS']);
    expect(all.changes).toMatchObject({ new: 3, changed: 0, vanished: 0, lost: 0, since: null });

    // One row changed, one new, one vanished.
    await writeCompanies({ MMM: '3M', AFL: 'Accenture', ABT: 'Abbott Laboratories' });
    const edited = await night('2026-01-06');
    expect(edited).toMatchObject({ outcome: 'completed', tableId: all.tableId, rows: 4 });
    expect(edited.incremental).toEqual({
      rowsNew: 1,
      rowsChanged: 1,
      rowsVanished: 1,
      due: { new: 2, changed: 2 },
      kept: 4,
    });
    expect(started()).toEqual(cellsOf(['AFL', 'ABT']));
    expect(await keysPublished()).toEqual(['MMM', 'AFL', 'ABT', 'AOS']);
    expect(edited.changes?.since).toBe(`${name}-2026-01-05T02:30:00Z`);
    expect(await changes()).toEqual([
      ['ABT', 'new'],
      ['AFL', 'changed'],
    ]);

    pipeline = await writePipeline(one.name, reworded, one.map);
    const { done, changed } = await rowmill.schedules.apply({ pipeline });
    expect({ done, changed }).toEqual({ done: 'updated', changed: ['pipeline'] });
    const waiting = await night('2026-01-07');
    expect(waiting).toMatchObject({ outcome: 'completed', tableId: all.tableId, passes: 0 });
    expect(waiting.incremental).toMatchObject({ due: {}, columnsWaiting: [second] });
    expect(started()).toEqual([]);
    expect(await keysPublished()).toEqual(['MMM', 'AFL', 'ABT', 'AOS']);
    expect(await changes()).toEqual([]);

    const plan = { pipeline, night: { apply: true } };
    expect((await Rowmill.check({ ...plan, store })).estimate).toMatchObject({
      credits: 3,
      night: { columnsChanged: [second], due: { changed: { [second]: 3 } } },
    });
    const applied = await (await rowmill.start({ ...plan, fresh: true })).wait();
    expect(applied.incremental).toMatchObject({ due: { changed: 3 } });
    expect(started()).toEqual(cellsOf(['MMM', 'AFL', 'ABT'], [second]));
    expect(await keysPublished()).toEqual(['MMM', 'AFL', 'ABT', 'AOS']);
    // The sandbox answers by the row, whatever the prompt says.
    expect(await changes()).toEqual([]);

    expect((await night('2026-01-08')).incremental).toEqual({
      rowsNew: 0,
      rowsChanged: 0,
      rowsVanished: 1,
      due: {},
      kept: 8,
    });
    expect(started()).toEqual([]);

    // The nights were backfilled, so the same day paid for all of them.
    const { reserved, left, waiting: queued, runs } = await rowmill.budgets.show(name);
    expect({ reserved, left, queued }).toEqual({ reserved: 13, left: 37, queued: [] });
    expect(runs.map(({ run, credits }) => [run, credits])).toEqual([
      [`${name}-2026-01-05T02:30:00Z`, 6],
      [`${name}-2026-01-06T02:30:00Z`, 4],
      [applied.workflowId, 3],
    ]);
    const { total } = await Rowmill.spend({ by: 'run' }, { store });
    expect(total).toMatchObject({ runs: 3, cells: 13, credits: 13 });
    const { cellsPaid, tablesLive, duplicates } = testEnv.sandbox.ledger.summary();
    expect({ cellsPaid, tablesLive }).toEqual({ cellsPaid: 13, tablesLive: 1 });
    // Paid again: two cells whose input changed, and three whose prompt did.
    expect(duplicates).toEqual({ tables: 0, rows: 0, cells: 5 });
  });
});

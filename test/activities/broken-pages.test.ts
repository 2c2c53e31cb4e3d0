import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PageReader } from '../../activities/table/page-reader.ts';
import { SNAPSHOT_FILE } from '../../activities/run-files/snapshot.ts';
import { partLines, TableScan, type ScanCounts } from '../../activities/results/scan/table-scan.ts';
import { parsePartLine } from '../../activities/results/scan/part-file.ts';
import type { FaultScript } from '../../sandbox/index.ts';
import type { TableSpec } from '../../src/contract/pipeline.ts';
import type { TableRef } from '../../src/contract/table.ts';
import { createExtructProvider } from '../../src/providers/extruct/provider.ts';
import { createPromptLayerProvider } from '../../src/providers/promptlayer/provider.ts';
import type { Provider } from '../../src/providers/provider.ts';
import { createFileStore } from '../../src/store/disk/file-store.ts';
import type { Folder } from '../../src/store/store.ts';
import { caseOf } from '../support/providers/cases.ts';
import { stageOf } from '../providers/sandbox-scene.ts';

type Rule = NonNullable<FaultScript['requests']>[number];

const STAGES = {
  extruct: stageOf(createExtructProvider),
  promptlayer: stageOf(createPromptLayerProvider),
};
/** PromptLayer's sheets begin with a blank row. */
const NAMES = [
  { name: 'extruct', blank: 0 },
  { name: 'promptlayer', blank: 1 },
] as const;

let root: string;
let folder: Folder;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'rowmill-pages-'));
  folder = createFileStore(root).run({ workflowId: 'w', firstRunId: 'r' });
});
afterEach(async () => {
  await Promise.all(Object.values(STAGES).map(({ clear }) => clear()));
  await rm(root, { recursive: true, force: true });
});

interface Opened {
  provider: Provider;
  table: TableRef;
  /** Reads all of it once more; how long it would have paused. */
  scan: (number: number) => Promise<{ counts: ScanCounts; pausedMs: number }>;
  pages: () => number;
}

/** Rules without `on`, each kind with its own fields. */
type WithoutOn<R> = R extends unknown ? Omit<R, 'on'> : never;

/** A table of so many rows, whose pages break from then on. */
async function open(
  { name }: (typeof NAMES)[number],
  rows: number,
  ...rules: WithoutOn<Rule>[]
): Promise<Opened> {
  const requests = rules.map((rule) => ({ on: 'read-rows', ...rule }));
  // The blank row stays: its place is broken already while the sheet is made.
  const promptLayer = { rowDeletes: 'refused' } as const;
  const { provider } = await STAGES[name].scene({ faults: { requests }, promptLayer });
  const { tables, map } = caseOf(name);
  const spec: TableSpec = { tags: [], ...(tables.one as Pick<TableSpec, 'columns'>) };
  const [input = ''] = Object.keys(map);
  const made = await provider.createTable(spec, 'A table', 'run-1', {});
  const table = await provider.ensureColumns(made, spec, {});
  const draft = await folder.create(SNAPSHOT_FILE);
  const all = Array.from({ length: rows }, (_, n) => ({
    key: `K${n}`,
    input: { [input]: `Company ${n}` },
  }));
  for (const row of all) await draft.line(JSON.stringify(row));
  await draft.commit();
  const { rowsPerAdd } = provider.limits;
  for (let from = 0; from < rows; from += rowsPerAdd) {
    await provider.addRows(table, all.slice(from, from + rowsPerAdd), {});
  }
  let pages = 0;
  return {
    provider,
    table,
    pages: () => pages,
    scan: async (number) => {
      let pausedMs = 0;
      const sleep = (ms: number) => Promise.resolve(void (pausedMs += ms));
      const ctx = { onRequest: () => (pages += 1) };
      const reader = new PageReader(provider, table, { ctx, sleep }, { skips: true, ahead: true });
      // The other parts of a step are for activities.
      const step = { heartbeat: () => undefined } as unknown as Parameters<TableScan['read']>[2];
      pages = 0;
      const counts = await new TableScan(folder, number, rows).read(reader, table, step);
      return { counts, pausedMs };
    },
  };
}

/** Ordinals of the rows with an id, and of those without, in the order they were written. */
async function written(number: number): Promise<{ read: number[]; unreadable: number[] }> {
  const read: number[] = [];
  const unreadable: number[] = [];
  for await (const line of partLines(folder, number)) {
    const { ordinal, rowId } = parsePartLine(line);
    (rowId === '""' ? unreadable : read).push(ordinal);
  }
  const ascending = (a: number, b: number): number => a - b;
  return { read: read.sort(ascending), unreadable: unreadable.sort(ascending) };
}

const others = (rows: number, ...without: number[]): number[] =>
  Array.from({ length: rows }, (_, at) => at).filter((at) => !without.includes(at));

const MINUTE_MS = 60_000;

const broken = NAMES.flatMap((one) =>
  (['error', 'nan', 'shape'] as const).flatMap((how) =>
    [[0], [57], [129], [40, 41]].map((rows) => ({ ...one, one, how, rows })),
  ),
);

test.each(broken)(
  '$name: rows $rows that break their pages ($how) hide no other row',
  async ({ one, how, rows }) => {
    // PromptLayer cannot be read at all behind a broken blank row, which is no case.
    const places = rows.map((row) => row + one.blank);
    const { scan } = await open(one, 130, { fault: 'unreadable-rows', rows: places, how });
    const { counts, pausedMs } = await scan(1);
    expect(await written(1)).toEqual({ read: others(130, ...rows), unreadable: rows });
    expect(counts.rowsUnreadable).toBe(rows.length);
    const [column] = Object.values(counts.byColumn);
    expect(column).toMatchObject({ blocked: rows.length, pending: 130 - rows.length });
    expect(pausedMs).toBeLessThan(2 * MINUTE_MS);
  },
);

test.each([
  ...[60, 130].map((rows) => ({ rows, at: 41, first: 30, later: 20 })),
  { rows: 430, at: 323, first: 180, later: 90 },
])(
  'promptlayer: the pages read to find broken row $at of $rows are few, also in later scans',
  async ({ rows, at, first, later }) => {
    const [, one] = NAMES;
    const place = at + one.blank;
    const { scan, pages } = await open(one, rows, {
      fault: 'unreadable-rows',
      rows: [place],
    });
    for (const [number, most] of [first, later].entries()) {
      await scan(number + 1);
      expect(await written(number + 1)).toEqual({ read: others(rows, at), unreadable: [at] });
      expect(pages()).toBeLessThanOrEqual(most);
    }
  },
);

test.each(NAMES)('$name: rows far from each other', async (one) => {
  const rows = [20, 90];
  const places = rows.map((row) => row + one.blank);
  const { scan } = await open(one, 130, { fault: 'unreadable-rows', rows: places });
  await scan(1);
  const { read, unreadable } = await written(1);
  // Where only cursors lead from row to row, nothing between them can be reached.
  const between = one.name === 'extruct' ? rows : others(130).slice(20, 91);
  expect(unreadable).toEqual(between);
  expect(read).toEqual(others(130, ...between));
});

test.each(NAMES.flatMap((one) => [400, 413, 422].map((status) => ({ ...one, one, status }))))(
  '$name: a limit of pages ($status) is found out once',
  async ({ one, status }) => {
    const { scan, pages } = await open(one, 130, {
      fault: 'page-limit',
      rows: 50,
      status,
    } as Rule);
    expect((await scan(1)).counts.rowsUnreadable).toBeUndefined();
    expect(await written(1)).toEqual({ read: others(130), unreadable: [] });
    const first = pages();
    await scan(2);
    expect(await written(2)).toEqual({ read: others(130), unreadable: [] });
    // Two refusals, and three pages.
    expect([first, pages()]).toEqual([5, 3]);
  },
);

// By offsets: where only cursors lead from page to page, a refusal may be one of the cursor.
test.each([400, 413, 422] as const)(
  'extruct: a row that is refused (%i) spoils no other page',
  async (status) => {
    const [one] = NAMES;
    const row = { fault: 'unreadable-rows', rows: [17 + one.blank], status } as Rule;
    const { scan, pages, provider, table } = await open(one, 450, row);
    await scan(1);
    expect(await written(1)).toEqual({ read: others(450, 17), unreadable: [17] });
    // About seven halvings with two tries each, a few rows one by one, and the pages.
    expect(pages()).toBeLessThan(50);
    const sizes: number[] = [];
    const page = provider.page.bind(provider);
    // The same provider: what is known of its limits goes by it.
    provider.page = (of, cursor, ctx, rows) => {
      sizes.push(rows ?? 0);
      return page(of, cursor, ctx, rows);
    };
    const step = { ctx: {}, sleep: () => Promise.resolve() };
    await new PageReader(provider, table, step, { skips: true, ahead: true }).read(null);
    expect(sizes[0]).toBe(provider.limits.rowsPerPage);
  },
);

// A cursor that is refused says nothing of the page: only a new walk that fails at the same place does.
test.each([400, 413, 422] as const)(
  'a row that is refused (%i) ends no scan where only cursors lead from page to page',
  async (status) => {
    const one = NAMES.find(({ name }) => name === 'promptlayer') ?? NAMES[0];
    const row = { fault: 'unreadable-rows', rows: [117 + one.blank], status } as Rule;
    const { scan } = await open(one, 130, row);
    await scan(1);
    expect(await written(1)).toEqual({ read: others(130, 117), unreadable: [117] });
  },
);

test('extruct: a limit of pages is kept behind a row that is refused', async () => {
  const [one] = NAMES;
  const { scan, pages } = await open(
    one,
    230,
    { fault: 'page-limit', rows: 50 },
    { fault: 'unreadable-rows', rows: [77 + one.blank], status: 422 },
  );
  await scan(1);
  expect(await written(1)).toEqual({ read: others(230, 77), unreadable: [77] });
  expect(pages()).toBeLessThan(50);
});

test.each(NAMES)('$name: one refusal makes no page smaller', async (one) => {
  const { scan, pages } = await open(one, 130, {
    fault: 'refuse',
    status: 400,
    while: { rows: { atLeast: 130 } },
    nth: 2,
  });
  await scan(1);
  expect(await written(1)).toEqual({ read: others(130), unreadable: [] });
  expect(pages()).toBe(3);
});

test.each(NAMES)('$name: an outage is taken for no broken row', async (one) => {
  const { scan } = await open(one, 130, {
    fault: 'error',
    status: 500,
    while: { rows: { atLeast: 130 } },
    from: 2,
  });
  await expect(scan(1)).rejects.toMatchObject({ code: 'provider_unavailable' });
});

test.each(NAMES)(
  '$name: an outage that ends in the middle of it leaves nothing out',
  async (one) => {
    for (const to of [7, 9, 11, 12, 13, 14, 15, 16]) {
      const { scan } = await open(one, 130, {
        fault: 'error',
        status: 500,
        while: { rows: { atLeast: 130 } },
        from: 2,
        to,
      });
      // It may be given up as long as it lasts, and is begun again then.
      const again = () => scan(to);
      await again().catch(again).catch(again);
      expect(await written(to)).toEqual({ read: others(130), unreadable: [] });
    }
  },
);

import { inspect } from 'node:util';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { Json } from '../../src/contract/json.ts';
import type { TableSpec } from '../../src/contract/pipeline.ts';
import type { SnapshotRow } from '../../src/contract/rows.ts';
import type { RunMode, TableRunRef, TableRef } from '../../src/contract/table.ts';
import type { Provider, RowUpdate, RunScope, TableRow } from '../../src/providers/provider.ts';
import { createProviders, type ProviderEntry } from '../../src/providers/registry.ts';
import { failureOf } from '../http/calls.ts';
import { closeServers } from '../http/server.ts';
import { openWire, type Trouble, type Wire } from './wire.ts';

/** Parts of a provider that the contract needs. */
export interface Candidate {
  entry: ProviderEntry;
  /** Two computed columns, of which the second waits for the first. */
  table: TableSpec;
  input: (nth: number) => Record<string, Json>;
  /** The table with another config of its last column, where configs can be compared. */
  changed?: { table: TableSpec; key: string; fields: string[] };
  /** Opens its server, on a clock of its own. */
  serve: (options: { firstTryFails: boolean }) => Promise<Served>;
}

export interface Served {
  url: string;
  /** Turns its clock. */
  passMs: (ms: number) => void;
  close: () => Promise<void>;
}

const TOKEN = 'contract-token-7c1d9e';
export { TOKEN as CONTRACT_TOKEN };

interface Stage {
  provider: Provider;
  wire: Wire;
  passMs: (ms: number) => void;
}

/** Tests the contract of every provider (src/providers/provider.ts) against its server. */
export function contractOf(name: string, candidate: Candidate): void {
  const { entry, table: spec, input } = candidate;
  const served: Served[] = [];

  async function open(firstTryFails = false): Promise<Stage> {
    const server = await candidate.serve({ firstTryFails });
    served.push(server);
    const wire = await openWire(server.url);
    const env = {
      [entry.spec.tokenVariable]: TOKEN,
      [entry.spec.baseUrlVariable]: wire.url,
      ROWMILL_REQUESTS_PER_SECOND: '1000',
    };
    const provider = createProviders(env, {}, [entry]).get(entry.spec.name);
    return { provider, wire, passMs: server.passMs };
  }

  const rowsOf = (count: number, from = 0): SnapshotRow[] =>
    Array.from({ length: count }, (_, n) => ({ key: `K${from + n}`, input: input(from + n) }));

  async function load(stage: Stage, count: number): Promise<Loaded> {
    const { provider } = stage;
    const made = await provider.createTable(spec, 'A table', 'tag-1', {});
    const table = await provider.ensureColumns(made, spec, {});
    const ids: string[] = [];
    for (let from = 0; from < count; from += provider.limits.rowsPerAdd) {
      const size = Math.min(provider.limits.rowsPerAdd, count - from);
      ids.push(...(await provider.addRows(table, rowsOf(size, from), {})));
    }
    return { table, ids };
  }

  describe(`${name} keeps the contract of a provider`, () => {
    afterEach(async () => {
      await closeServers();
      await Promise.all(served.splice(0).map((server) => server.close()));
    });

    test('it is who its spec says', async () => {
      const { provider } = await open();
      expect(provider.name).toBe(entry.spec.name);
      expect(provider.limits).toEqual(entry.spec.limits);
      const { credits, label } = await provider.account({});
      expect(label).not.toBe('');
      expect(credits === null || credits >= 0).toBe(true);
    });

    test('a tag finds exactly its own tables that still exist', async () => {
      const { provider } = await open();
      expect(await provider.findTables('tag-1', {})).toEqual([]);
      const first = await provider.createTable(spec, 'A table', 'tag-1', {});
      const second = await provider.createTable(spec, 'A table', 'tag-1', {});
      const other = await provider.createTable(spec, 'A table', 'tag-2', {});
      expect((await provider.findTables('tag-2', {})).map(({ id }) => id)).toEqual([other.id]);
      const found = await provider.findTables('tag-1', {});
      expect(found.map(({ id }) => id).sort()).toEqual([first.id, second.id].sort());
      for (const { createdAt } of found) expect(Date.parse(createdAt)).not.toBeNaN();
      const read = (tag: string) => provider.readTable(first.id, tag, {});
      expect(await read('tag-1')).toEqual(found.find(({ id }) => id === first.id));
      expect(await read('tag-2')).toBeNull();
      await provider.deleteTable(first.id, {});
      expect(await read('tag-1')).toBeNull();
      await provider.deleteTable(first.id, {});
      expect((await provider.findTables('tag-1', {})).map(({ id }) => id)).toEqual([second.id]);
    });

    test.each([
      ['looked for first', false],
      ['of an untouched table', true],
    ])('columns are made once, with what they wait for: %s', async (_which, untouched) => {
      const { provider, wire } = await open();
      const { id } = await provider.createTable(spec, 'A table', 'tag-1', {});
      const table = await provider.ensureColumns({ id, untouched }, spec, {});
      const sent = changes(wire);
      expect(await provider.ensureColumns({ id }, spec, {})).toEqual(table);
      expect(changes(wire)).toBe(sent);
      const planned = entry.spec.plan(spec).filter((column) => column.ours && !column.input);
      expect(asked(table).map(({ key }) => key)).toEqual(planned.map(({ key }) => key));
      const [first, second] = asked(table);
      expect(second?.dependsOn).toContain(first?.key);
      expect(new Set(table.columns.map((column) => column.id)).size).toBe(table.columns.length);
    });

    test('pages give each row once, in the order sent', async () => {
      const stage = await open();
      const { provider } = stage;
      const empty = await load(stage, 0);
      const before = await provider.rowCount(empty.table, {});
      const count = 2 * provider.limits.rowsPerPage + 10;
      const { table, ids } = await load(stage, count);
      expect(new Set(ids).size).toBe(count);
      expect(await provider.rowCount(table, {})).toBe(before + count);
      const pages = await walk(provider, table);
      for (const { rows, total } of pages) {
        expect(rows.length).toBeLessThanOrEqual(provider.limits.rowsPerPage);
        expect([null, before + count]).toContain(total);
      }
      const rows = ours(pages.flatMap((page) => page.rows));
      expect(rows.map(({ key }) => key)).toEqual(rowsOf(count).map(({ key }) => key));
      expect(rows.map(({ id }) => id)).toEqual(ids);
      for (const { cells } of rows) {
        expect(asked(table).map(({ key }) => cells[key]?.status)).toEqual(['pending', 'pending']);
      }
    });

    test('smaller pages give the same rows', async () => {
      const stage = await open();
      const { table, ids } = await load(stage, 11);
      const pages = await walk(stage.provider, table, 4);
      for (const { rows } of pages) expect(rows.length).toBeLessThanOrEqual(4);
      expect(ours(pages.flatMap(({ rows }) => rows)).map(({ id }) => id)).toEqual(ids);
    });

    test('rows that are deleted are gone, where rows can be deleted', async () => {
      const stage = await open();
      const { table, ids } = await load(stage, 3);
      if (stage.provider.deleteRows === null) return;
      await stage.provider.deleteRows(table, ids.slice(1, 2), {});
      const left = ours(await read(stage.provider, table));
      expect(left.map(({ key }) => key)).toEqual(['K0', 'K2']);
    });

    test('exactly the inputs of the named rows are changed, also by a repeat', async () => {
      const stage = await open();
      const { provider } = stage;
      const { table, ids } = await load(stage, 4);
      const { updateRows } = provider;
      if (updateRows === null) return;
      const before = await readInputs(provider, table);
      expect(before.map(valuesIn)).toEqual(rowsOf(4).map((row) => row.input));
      const updates = [1, 3].map((nth) => updateOf(before[nth], input(nth + 50)));
      for (let times = 0; times < 2; times += 1) {
        await updateRows(table, updates, {});
        const after = await readInputs(provider, table);
        expect(after.map(({ id }) => id)).toEqual(ids);
        expect(after.map(({ key }) => key)).toEqual(rowsOf(4).map(({ key }) => key));
        expect(after.map(valuesIn)).toEqual([0, 51, 2, 53].map(input));
      }
    });

    test('an input is cleared', async () => {
      const stage = await open();
      const { provider } = stage;
      const { table } = await load(stage, 1);
      if (provider.updateRows === null) return;
      const [row] = await readInputs(provider, table);
      await provider.updateRows(table, [updateOf(row, {})], {});
      const [cleared] = await readInputs(provider, table);
      expect(cleared?.key).toBe('K0');
      for (const value of Object.values(valuesIn(cleared))) expect(value).toBeNull();
    });

    test('a column change in the file is applied to the table', async () => {
      const stage = await open();
      const { provider } = stage;
      const { table } = await load(stage, 1);
      const { compareColumns, updateColumn, deleteColumn } = provider;
      if (compareColumns === null) return;
      const same = { missing: [], changed: [], others: [] };
      expect(await compareColumns(table, spec, {})).toEqual(same);
      const {
        table: after,
        key,
        fields,
      } = candidate.changed ?? { table: spec, key: '', fields: [] };
      const { changed } = await compareColumns(table, after, {});
      expect(changed).toMatchObject([{ key, fields, replace: false }]);
      const [{ id } = { id: '' }] = changed;
      const config = after.columns.find((one) => [one['key'], one['title']].includes(key)) ?? {};
      for (let times = 0; times < 2; times += 1) await updateColumn?.(table, id, config, {});
      expect(await compareColumns(table, after, {})).toEqual(same);
      for (let times = 0; times < 2; times += 1) await deleteColumn?.(table, id, {});
      expect(await compareColumns(table, after, {})).toEqual({ ...same, missing: [key] });
      const again = await provider.ensureColumns(table, after, {});
      expect(await compareColumns(again, after, {})).toEqual(same);
      const fewer = { ...after, columns: after.columns.slice(0, -1) };
      const { others } = await compareColumns(again, fewer, {});
      expect(others).toMatchObject([{ key, input: false }]);
    });

    test('a run computes exactly the columns and rows that it was scoped to', async () => {
      const stage = await open();
      const { table, ids } = await load(stage, 4);
      const [first, second] = asked(table);
      const scope = { columnIds: [first?.id ?? ''], rowIds: ids.slice(0, 2) };
      await runToTheEnd(stage, table, { mode: 'new', ...scope });
      const statuses = async (): Promise<(string | undefined)[][]> =>
        ours(await read(stage.provider, table)).map(({ cells }) =>
          [first, second].map((column) => cells[column?.key ?? '']?.status),
        );
      const untouched = ['pending', 'pending'];
      const half = ['done', 'pending'];
      expect(await statuses()).toEqual([half, half, untouched, untouched]);
      await runToTheEnd(stage, table, scopeOf(table, ids, 'new'));
      expect(await statuses()).toEqual([1, 2, 3, 4].map(() => ['done', 'done']));
    });

    test('an empty scope is never sent: it could mean everything', async () => {
      const stage = await open();
      const { table, ids } = await load(stage, 1);
      const sent = changes(stage.wire);
      for (const scope of [
        { ...scopeOf(table, ids, 'all'), columnIds: [] },
        scopeOf(table, [], 'all'),
      ]) {
        expect((await stage.provider.startTableRun(table, scope, {})).requestedCells).toBe(0);
      }
      expect(changes(stage.wire)).toBe(sent);
    });

    test('each mode asks for its own cells', async () => {
      const stage = await open(true);
      const { table, ids } = await load(stage, 3);
      const [first] = asked(table);
      const scope = { columnIds: [first?.id ?? ''], rowIds: ids };
      const cells = async () =>
        ours(await read(stage.provider, table)).map((row) => row.cells[first?.key ?? '']);
      await runToTheEnd(stage, table, { mode: 'new', ...scope });
      expect((await cells()).map((cell) => cell?.status)).toEqual(['failed', 'failed', 'failed']);
      await runToTheEnd(stage, table, { mode: 'failed', ...scope, rowIds: ids.slice(0, 2) });
      expect((await cells()).map((cell) => cell?.status)).toEqual(['done', 'done', 'failed']);
      const before = await cells();
      const none = await runToTheEnd(stage, table, {
        mode: 'failed',
        columnIds: scope.columnIds,
        rowIds: ids.slice(0, 2),
      });
      expect([0, null]).toContain(none.requestedCells);
      expect((await cells()).slice(0, 2)).toEqual(before.slice(0, 2));
      const all = await runToTheEnd(stage, table, { mode: 'all', ...scope });
      expect([3, null]).toContain(all.requestedCells);
    });

    test('the progress of a run never shrinks before its end', async () => {
      const stage = await open();
      const { table, ids } = await load(stage, 5);
      const tableRun = await stage.provider.startTableRun(table, scopeOf(table, ids, 'new'), {});
      let last = -1;
      let looks = 0;
      for (; looks < 1_000; looks += 1) {
        stage.passMs(2_000);
        const reading = await stage.provider.progress(table, tableRun, {});
        expect(reading.cellsDone).toBeGreaterThanOrEqual(last);
        expect(reading.cellsDone).toBeLessThanOrEqual(reading.cellsTotal);
        last = reading.cellsDone;
        if (!reading.running && reading.cellsInProgress === 0) break;
      }
      expect(looks).toBeLessThan(1_000);
      expect(last).toBeGreaterThanOrEqual(10);
    });

    test('a cancelled run ends, where runs can be cancelled, also by a repeat', async () => {
      const stage = await open();
      const { provider } = stage;
      const { table, ids } = await load(stage, 60);
      expect(table.cancellable === true).toBe(provider.cancelQueuedCells !== null);
      if (provider.cancelQueuedCells === null) return;
      const tableRun = await provider.startTableRun(table, scopeOf(table, ids, 'new'), {});
      const { cells } = await provider.cancelQueuedCells(table, tableRun, {});
      expect(cells === null || cells > 0).toBe(true);
      await provider.cancelQueuedCells(table, tableRun, {});
      await untilIdle(stage, table, tableRun);
      const rows = ours(await read(provider, table));
      const key = asked(table)[1]?.key ?? '';
      expect(rows.some((row) => row.cells[key]?.status === 'pending')).toBe(true);
    });

    describe.each<[Trouble & object, string, boolean]>([
      [{ status: 401 }, 'unauthorized', false],
      [{ status: 403 }, 'forbidden', false],
      [{ status: 404 }, 'not_found', false],
      [{ status: 422 }, 'request_refused', false],
      [{ status: 429, headers: { 'retry-after': '0' } }, 'rate_limited', false],
      [{ status: 500 }, 'provider_unavailable', true],
      [{ status: 503 }, 'provider_unavailable', true],
    ])('answered %j', (trouble, code, ambiguous) => {
      test.each(Object.keys(CHANGES))(`%s fails with ${code}, without the token`, async (step) => {
        const stage = await open();
        const { table, ids } = await load(stage, 2);
        stage.wire.trouble('change', trouble);
        const before = changes(stage.wire);
        const error = await failureOf(change(stage.provider, step, table, ids));
        expect(error).toMatchObject({ code, ambiguous });
        expect(changes(stage.wire)).toBe(before + 1);
        if (code === 'unauthorized') expect(error.remedy).toContain(entry.spec.tokenVariable);
        expect(inspect(error, { depth: 10 }) + error.message).not.toContain(TOKEN);
      });

      test(`reading that fails with ${code} leaves nothing open`, async () => {
        const stage = await open();
        const { table } = await load(stage, 1);
        for (const look of [
          () => stage.provider.rowCount(table, {}),
          () => stage.provider.page(table, null, {}),
          () => stage.provider.findTables('tag-1', {}),
        ]) {
          // More than once: a provider may try another page before it gives up.
          stage.wire.trouble('read', trouble, 3);
          const error = await failureOf(look());
          expect(error).toMatchObject({ code, ambiguous: false });
          expect(inspect(error, { depth: 10 }) + error.message).not.toContain(TOKEN);
        }
      });
    });

    test.each(Object.keys(CHANGES))('a lost reply to %s is ambiguous', async (step) => {
      const stage = await open();
      const { table, ids } = await load(stage, 2);
      const before = changes(stage.wire);
      stage.wire.trouble('change', 'lost reply');
      const error = await failureOf(change(stage.provider, step, table, ids));
      expect(error).toMatchObject({ code: 'provider_unreachable', ambiguous: true });
      expect(changes(stage.wire)).toBe(before + 1);
    });

    test('columns come out right after a reply to one of them was lost', async () => {
      const stage = await open();
      const { provider, wire } = stage;
      const { id } = await provider.createTable(spec, 'A table', 'tag-1', {});
      wire.trouble('change', 'lost reply');
      await provider.ensureColumns({ id }, spec, {}).catch(() => undefined);
      const table = await provider.ensureColumns({ id }, spec, {});
      expect(new Set(asked(table).map(({ key }) => key)).size).toBe(2);
      expect(asked(table)).toHaveLength(2);
    });

    test('an aborted call is rejected with the reason as it is', async () => {
      const { provider, wire } = await open();
      const reason = new Error('enough');
      await expect(provider.findTables('t', { signal: AbortSignal.abort(reason) })).rejects.toBe(
        reason,
      );
      expect(wire.received).toHaveLength(0);
      const stop = new AbortController();
      wire.trouble('read', 'silence');
      const call = provider.findTables('t', {
        signal: stop.signal,
        onRequest: () => stop.abort(reason),
      });
      await expect(call).rejects.toBe(reason);
    });

    test('every request is counted, under a name without ids', async () => {
      const stage = await open();
      const routes: string[] = [];
      const { table, ids } = await load(stage, 1);
      const before = stage.wire.received.length;
      const ctx = { onRequest: (route: string) => void routes.push(route) };
      await stage.provider.page(table, null, ctx);
      await stage.provider.startTableRun(table, scopeOf(table, ids, 'new'), ctx);
      expect(routes).toHaveLength(stage.wire.received.length - before);
      for (const route of routes) expect(route).not.toContain(table.id);
    });
  });

  /** Steps that change something and are one request each. */
  const change = (provider: Provider, step: string, table: TableRef, ids: string[]) =>
    CHANGES[step]?.({ provider, spec, table, ids, rows: rowsOf(2, 100) }) ?? Promise.resolve();
}

interface Loaded {
  table: TableRef;
  ids: string[];
}

type Change = (with_: {
  provider: Provider;
  spec: TableSpec;
  table: TableRef;
  ids: string[];
  rows: SnapshotRow[];
}) => Promise<unknown>;

const CHANGES: Record<string, Change> = {
  createTable: ({ provider, spec }) => provider.createTable(spec, 'Another', 'tag-9', {}),
  addRows: ({ provider, table, rows }) => provider.addRows(table, rows, {}),
  updateRows: async ({ provider, table, rows: [other] }) => {
    const [row] = await readInputs(provider, table);
    await provider.updateRows?.(table, [updateOf(row, other?.input ?? {})], {});
  },
  startRun: ({ provider, table, ids }) =>
    provider.startTableRun(table, scopeOf(table, ids, 'new'), {}),
};

const changes = (wire: Wire): number =>
  wire.received.filter(({ method }) => method !== 'GET').length;

const asked = ({ columns }: TableRef) => columns.filter((column) => column.ours && !column.input);

/** A table may hold foreign rows. */
const ours = (rows: TableRow[]): TableRow[] => rows.filter(({ key }) => key !== null);

const scopeOf = (table: TableRef, rowIds: string[], mode: RunMode): RunScope => ({
  mode,
  rowIds,
  columnIds: asked(table).map(({ id }) => id),
  maxCells: 1_000,
});

async function runToTheEnd(stage: Stage, table: TableRef, scope: RunScope): Promise<TableRunRef> {
  const tableRun = await stage.provider.startTableRun(table, { maxCells: 1_000, ...scope }, {});
  await untilIdle(stage, table, tableRun);
  return tableRun;
}

async function untilIdle(stage: Stage, table: TableRef, tableRun: TableRunRef): Promise<void> {
  for (let looks = 0; looks < 1_000; looks += 1) {
    stage.passMs(2_000);
    const { running, cellsInProgress } = await stage.provider.progress(table, tableRun, {});
    if (!running && cellsInProgress === 0) return;
  }
  throw new Error('it never became idle');
}

async function walk(provider: Provider, table: TableRef, most?: number) {
  const pages = [await provider.page(table, null, {}, most)];
  for (let next = pages[0]?.next ?? null; next !== null;) {
    const page = await provider.page(table, next, {}, most);
    pages.push(page);
    next = page.next;
  }
  return pages;
}

const read = async (provider: Provider, table: TableRef): Promise<TableRow[]> =>
  (await walk(provider, table)).flatMap(({ rows }) => rows);

/** Rows with the values of their inputs. */
async function readInputs(provider: Provider, table: TableRef): Promise<TableRow[]> {
  const { rows } = await provider.page(table, null, {}, undefined, true);
  return ours(rows);
}

const valuesIn = (row: TableRow | undefined): Record<string, Json> =>
  Object.fromEntries(Object.entries(row?.inputs ?? {}).map(([key, { value }]) => [key, value]));

const updateOf = (row: TableRow | undefined, input: Record<string, Json>): RowUpdate => {
  if (row?.inputs === undefined) throw new Error('the page has no inputs');
  return { id: row.id, key: row.key ?? '', input, cells: row.inputs };
};

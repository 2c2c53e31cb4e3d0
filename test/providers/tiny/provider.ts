import { z } from 'zod';
import type { TableSpec } from '../../../src/contract/pipeline.ts';
import type { TableRef } from '../../../src/contract/table.ts';
import { createHttpClient } from '../../../src/http/client.ts';
import {
  apiCalls,
  type ConnectionOptions,
  goneIsDeleted,
} from '../../../src/providers/json-api.ts';
import type { Provider, TableCell } from '../../../src/providers/provider.ts';
import type { PlannedColumn, ProviderSpec } from '../../../src/providers/catalog.ts';
import type { ProviderEntry } from '../../../src/providers/registry.ts';

/**
 * Column of the smallest possible provider: an input `name`, or a computed one that may read
 * another.
 */
const Column = z.strictObject({ key: z.string(), reads: z.string().optional() });

const plan = ({ columns }: Pick<TableSpec, 'columns'>): PlannedColumn[] => [
  { ...flags(true), key: 'name', name: 'name', dependsOn: [] },
  ...columns.map((config) => {
    const { key, reads } = Column.parse(config);
    return { ...flags(false), key, name: key, dependsOn: reads === undefined ? [] : [reads] };
  }),
];
const flags = (input: boolean) => ({
  input,
  ours: !input,
  paid: !input,
  creditsWeight: input ? 0 : 1,
});

const spec: ProviderSpec = {
  name: 'tiny',
  tokenVariable: 'TINY_KEY',
  baseUrlVariable: 'TINY_URL',
  baseUrl: 'https://tiny.example',
  example: '',
  kinds: [],
  settings: {},
  column: Column,
  limits: { rowsPerAdd: 40, rowsPerPage: 100 },
  lasting: { drop: true },
  requests: { table: () => 2, start: 2 },
  inputs: () => ['name'],
  check: () => [],
  doubts: () => [],
  plan,
  starter: ({ input, columns }) => ({
    table: { columns: columns.map(({ name }) => ({ key: name })) },
    map: { name: input },
  }),
};

const STATUS = { new: 'pending', busy: 'running', done: 'done', failed: 'failed' } as const;
const Cell = z.object({ status: z.enum(['new', 'busy', 'done', 'failed']), value: z.json() });
const Row = z.object({
  id: z.string(),
  key: z.string(),
  cells: z.array(Cell),
  data: z.record(z.string(), z.json()),
});
const Page = z.object({ rows: z.array(Row), next: z.string().nullable(), total: z.number() });
const Made = z.object({ id: z.string() });
const Found = z.array(z.object({ id: z.string(), at: z.string(), rows: z.number() }));
const Status = z.object({
  columns: z.array(z.object({ id: z.string(), reads: z.string().nullable() })),
  rows: z.number(),
  cells: z.number(),
  done: z.number(),
  busy: z.number(),
  failed: z.number(),
});

const create = ({ token, ...options }: ConnectionOptions): Provider => {
  const call = apiCalls(createHttpClient({ ...options, headers: () => ({ 'x-key': token }) }));
  const path = '/tables/{id}';
  const statusOf = (id: string, ctx: object) =>
    call(Status, ctx, { method: 'GET', path, ids: { id } });
  const refOf = (id: string, table: TableSpec): TableRef => ({
    id,
    url: null,
    columns: plan(table).map((column) => ({ ...column, id: column.key })),
  });
  return {
    name: spec.name,
    limits: spec.limits,
    async account(ctx) {
      const { name } = await call(z.object({ name: z.string() }), ctx, {
        method: 'GET',
        path: '/me',
      });
      return { credits: null, label: name };
    },
    async findTables(tag, ctx) {
      const found = await call(Found, ctx, { method: 'GET', path: '/tables', query: { tag } });
      return found.map(({ id, at, rows }) => ({ id, createdAt: at, rows }));
    },
    async readTable(tableId, tag, ctx) {
      const found = await call(Found, ctx, { method: 'GET', path: '/tables', query: { tag } });
      const table = found.find(({ id }) => id === tableId);
      return table === undefined ? null : { id: table.id, createdAt: table.at, rows: table.rows };
    },
    async createTable(table, _name, tag, ctx) {
      const { id } = await call(Made, ctx, { method: 'POST', path: '/tables', body: { tag } });
      return refOf(id, table);
    },
    async ensureColumns({ id }, table, ctx) {
      const there = new Set((await statusOf(id, ctx)).columns.map((column) => column.id));
      const columns = plan(table)
        .filter(({ key, input }) => !input && !there.has(key))
        .map(({ key, dependsOn }) => ({ id: key, reads: dependsOn[0] ?? null }));
      if (columns.length > 0) {
        await call(z.unknown(), ctx, {
          method: 'POST',
          path: `${path}/columns`,
          ids: { id },
          body: { columns },
        });
      }
      return refOf(id, table);
    },
    deleteTable: (id, ctx) =>
      goneIsDeleted(call(z.unknown(), ctx, { method: 'DELETE', path, ids: { id } })),
    async addRows({ id }, rows, ctx) {
      const body = { rows: rows.map(({ key, input }) => ({ key, data: input })) };
      const reply = z.object({ ids: z.array(z.string()) });
      return (await call(reply, ctx, { method: 'POST', path: `${path}/rows`, ids: { id }, body }))
        .ids;
    },
    addsAtOnce: 2,
    async deleteRows({ id }, ids, ctx) {
      const body = { ids };
      await call(z.unknown(), ctx, {
        method: 'POST',
        path: `${path}/deletions`,
        ids: { id },
        body,
      });
    },
    async updateRows({ id }, rows, ctx) {
      const body = {
        rows: rows.map(({ id: rowId, key, input }) => ({ id: rowId, key, data: input })),
      };
      await call(z.unknown(), ctx, { method: 'POST', path: `${path}/updates`, ids: { id }, body });
    },
    compareColumns: null,
    updateColumn: null,
    deleteColumn: null,
    rowCount: async ({ id }, ctx) => (await statusOf(id, ctx)).rows,
    async startTableRun({ id }, { mode, columnIds, rowIds }, ctx) {
      if (columnIds.length === 0 || rowIds?.length === 0) {
        return { operations: [], requestedCells: 0 };
      }
      const body = { mode, only: { columns: columnIds, rows: rowIds ?? null } };
      const reply = z.object({ id: z.string(), asked: z.number() });
      const made = await call(reply, ctx, {
        method: 'POST',
        path: `${path}/runs`,
        ids: { id },
        body,
      });
      return { operations: [made.id], requestedCells: made.asked };
    },
    async progress({ id }, _receipt, ctx) {
      const { rows, cells, done, busy, failed } = await statusOf(id, ctx);
      return {
        rows,
        running: busy > 0,
        cellsTotal: cells,
        cellsDone: done,
        cellsInProgress: busy,
        cellsFailed: failed,
      };
    },
    cancelQueuedCells: null,
    plan: null,
    past: null,
    async page({ id, columns }, cursor, ctx, most, withInputs = false) {
      const computed = columns.filter(({ input }) => !input);
      const query = { from: cursor ?? '0', ...(most === undefined ? {} : { most }) };
      const page = await call(Page, ctx, {
        method: 'GET',
        path: `${path}/rows`,
        ids: { id },
        query,
      });
      const rows = page.rows.map(({ id: rowId, key, cells, data }) => ({
        id: rowId,
        key,
        ...(withInputs ? { inputs: { name: { value: data['name'] ?? null } } } : {}),
        cells: Object.fromEntries(
          computed.map((column, at): [string, TableCell] => {
            const { status, value } = cells[at] ?? { status: 'new', value: null };
            return [column.key, { status: STATUS[status], rawStatus: status, value }];
          }),
        ),
      }));
      return { ...page, rows };
    },
  };
};

export const TINY: ProviderEntry = { spec, create };

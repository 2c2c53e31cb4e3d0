import type { TableSpec } from '../../contract/pipeline.ts';
import type { SnapshotRow } from '../../contract/rows.ts';
import type { TableRef } from '../../contract/table.ts';
import { RowmillError } from '../../errors.ts';
import { createHttpClient } from '../../http/client.ts';
import { redactorOf } from '../../http/redaction.ts';
import { sanitizer } from '../../http/sanitize.ts';
import { type ConnectionOptions, goneIsDeleted, nullIfGone } from '../json-api.ts';
import { oldestFirst, type CallContext, type FoundTable, type Provider } from '../provider.ts';
import { inputsOf, rowOf } from './cells.ts';
import { createExtructClient, type ExtructClient } from './client.ts';
import { columnsOf, compareColumns, missingColumns, tableKind } from './columns.ts';
import { notARun } from './not-a-run.ts';
import { EXTRUCT_BASE_URL, EXTRUCT_LIMITS } from './spec.ts';
import type { ColumnWire, RowWire } from './wire.ts';

/** Maximum tables per list page; the API answers more with 400. */
const TABLES_PER_PAGE = 100;
const ROWS_PER_DELETE = 100;
/**
 * Maximum number of listed tables without tags that are read one by one. An unfiltered list has
 * thousands.
 */
const MAX_UNTAGGED = 20;

/**
 * Creates the Extruct AI Tables provider. Substitutes for missing features:
 * - no idempotency keys: a tag finds the table and `metadata.rowmill_key` the row
 * - no count of failed cells: pages show them (`cellsFailed` is `null`)
 * - single runs can be neither read nor cancelled: progress is the table's
 */
export function createExtructProvider({
  token,
  limits = EXTRUCT_LIMITS,
  ...options
}: ConnectionOptions): Provider {
  const auth = { authorization: `Bearer ${token}` };
  const http = createHttpClient({ ...options, headers: () => auth });
  const quote = sanitizer(redactorOf(auth));
  const api = createExtructClient(http);

  const refOf = (id: string, wire: ColumnWire[], spec: TableSpec): TableRef => ({
    id,
    url: pageForPeople(options.baseUrl, id),
    columns: columnsOf(wire, spec),
  });

  return {
    name: 'extruct',
    limits,

    /** `GET /v1/user`. */
    async account(ctx) {
      const user = await api.user(ctx);
      return {
        credits: user.available_credits ?? null,
        label: user.organization_name ?? user.email ?? user.user_id ?? 'unknown account',
      };
    },

    /** `GET /v1/billing`, which official clients read. A missing field is no obstacle. */
    async plan(ctx) {
      const { user, subscription } = await api.billing(ctx);
      const { requires_subscription: required, plan_tier: tier } = subscription ?? {};
      const isInactive = user?.organization_is_active === false;
      const inactive = isInactive ? 'the organization is inactive' : null;
      const obstacle = required === true ? 'a subscription is required' : inactive;
      const parts = [tier == null ? null : `plan ${tier}`, obstacle];
      const known = parts.filter((part) => part !== null);
      return { text: known.length === 0 ? null : known.join(', ').slice(0, 100), obstacle };
    },

    /**
     * Compares the tag locally as well, because the server's filter is not documented as exact.
     * Reads each table that the list shows without tags.
     */
    async findTables(tag, ctx) {
      const found = new Map<string, FoundTable>();
      const untagged = new Set<string>();
      const seen = new Set<string>();
      for (let offset = 0, more = true; more; offset += TABLES_PER_PAGE) {
        const page = await api.listTables(ctx, { tags: tag, offset, limit: TABLES_PER_PAGE });
        more = page.length === TABLES_PER_PAGE && !page.every(({ id }) => seen.has(id));
        for (const { id, created_at: createdAt, tags, num_rows: rows } of page) {
          seen.add(id);
          if (tags == null) untagged.add(id);
          else if (tags.includes(tag)) found.set(id, { id, createdAt, rows: rows ?? null });
        }
      }
      // The newest come last: a table of this run is among them.
      for (const id of [...untagged].slice(-MAX_UNTAGGED)) {
        const table = await ownTable(api, id, tag, ctx);
        if (table !== null) found.set(id, table);
      }
      return oldestFirst(found.values());
    },

    readTable: (tableId, tag, ctx) => ownTable(api, tableId, tag, ctx),

    /** `POST /v1/tables`: not safe to repeat. */
    async createTable(spec, name, tag, ctx) {
      const table = await api.createTable(ctx, {
        name,
        kind: tableKind(spec),
        ...(spec.description === undefined ? {} : { description: spec.description }),
        tags: [...new Set([tag, 'rowmill', ...spec.tags])],
        column_configs: spec.columns,
      });
      return refOf(table.id, table.columns, spec);
    },

    /** Reads first, so a repeat after an ambiguous reply adds no column twice. */
    async ensureColumns({ id: tableId }, spec, ctx) {
      const before = await api.getTable(ctx, tableId);
      const missing = missingColumns(before.columns, spec);
      if (missing.length === 0) return refOf(before.id, before.columns, spec);
      const added = await api.createColumns(ctx, tableId, missing);
      const columns = [...before.columns, ...added];
      if (missingColumns(columns, spec).length === 0) return refOf(before.id, columns, spec);
      const after = await api.getTable(ctx, tableId);
      if (missingColumns(after.columns, spec).length === 0) {
        return refOf(after.id, after.columns, spec);
      }
      throw new RowmillError(
        'reply_unreadable',
        'columns were added, but the table does not show them',
        {
          where: `table ${tableId}`,
          ambiguous: true,
        },
      );
    },

    deleteTable: (tableId, ctx) => goneIsDeleted(api.deleteTable(ctx, tableId)),

    /** `POST …/rows` always appends: not safe to repeat. */
    async addRows(table, rows, ctx) {
      const added = await api.createRows(
        ctx,
        table.id,
        rows.map(({ key, input }) => ({ data: input, metadata: { rowmill_key: key } })),
      );
      return idsInOrder(table, rows, added);
    },

    addsAtOnce: 4,

    /**
     * `PATCH …/rows`, with all inputs and the key: whether it merges or replaces what a row has is
     * not documented.
     */
    async updateRows(table, rows, ctx) {
      for (let from = 0; from < rows.length; from += limits.rowsPerAdd) {
        const some = rows.slice(from, from + limits.rowsPerAdd).map(({ id, key, input, cells }) => {
          const cleared = Object.keys(cells).filter((column) => !Object.hasOwn(input, column));
          const empty = Object.fromEntries(cleared.map((column) => [column, null]));
          return { id, data: { ...input, ...empty }, metadata: { rowmill_key: key } };
        });
        await api.updateRows(ctx, table.id, some);
      }
    },

    async compareColumns({ id }, spec, ctx) {
      return compareColumns((await api.getTable(ctx, id)).columns, spec);
    },

    /** `PATCH …/columns/{column_id}` replaces the whole config. */
    async updateColumn(table, columnId, config, ctx) {
      await api.updateColumn(ctx, table.id, columnId, config);
    },

    deleteColumn: (table, columnId, ctx) =>
      goneIsDeleted(api.deleteColumn(ctx, table.id, columnId)),

    rowCount: async (table, ctx) => (await api.getTableStatus(ctx, table.id)).status.num_rows,

    async deleteRows(table, rowIds, ctx) {
      for (let from = 0; from < rowIds.length; from += ROWS_PER_DELETE) {
        await api.deleteRows(ctx, table.id, rowIds.slice(from, from + ROWS_PER_DELETE));
      }
    },

    /**
     * Omits an empty scope and sends nothing: without `columns` and `rows`, the API would run and
     * charge everything.
     */
    async startTableRun(table, { mode, columnIds, rowIds, whole }, ctx) {
      if (columnIds.length === 0 || rowIds?.length === 0) {
        return { operations: [], requestedCells: 0 };
      }
      const named = { columns: columnIds, ...(rowIds === undefined ? {} : { rows: rowIds }) };
      const run = await api.run(ctx, table.id, { mode, ...(whole === true ? {} : named) });
      const said = run.error ?? run.detail ?? run.message;
      if (run.id == null && run.num_requested_cells == null && said != null) {
        throw notARun(table, said, quote);
      }
      return {
        operations: typeof run.id === 'string' ? [run.id] : [],
        requestedCells: run.num_requested_cells ?? null,
      };
    },

    /** Reads the progress of the whole table: the API has none for a single run. */
    async progress(table, _receipt, ctx) {
      const { status } = await api.getTableStatus(ctx, table.id);
      return {
        rows: status.num_rows,
        running: status.run_status.toLowerCase() !== 'idle',
        cellsTotal: status.num_rows * status.num_output_columns,
        cellsDone: status.num_cells_completed,
        cellsInProgress: status.num_cells_in_progress,
        cellsFailed: null,
      };
    },

    /** The API cannot cancel: requested cells continue. */
    cancelQueuedCells: null,

    past: {
      by: 'offset',
      skip: (cursor, rows) => String(offsetOf(cursor) + rows),
      place: offsetOf,
    },

    /**
     * Pages by offset. The table's own count marks the end, else a short page. A short page before
     * that end is not the last one: the largest `limit` is not documented.
     */
    async page(table, cursor, ctx, max = limits.rowsPerPage, withInputs = false) {
      const offset = offsetOf(cursor);
      const { rows, status } = await api.data(ctx, table.id, { offset, limit: max });
      const computed = table.columns.filter((column) => !column.input);
      const total = status?.num_rows ?? null;
      const reached = offset + rows.length;
      const last = rows.length === 0 || (total === null ? rows.length < max : reached >= total);
      return {
        rows: rows.map((row) =>
          withInputs
            ? { ...rowOf(row, computed), inputs: inputsOf(row, table.columns) }
            : rowOf(row, computed),
        ),
        next: last ? null : String(reached),
        total,
      };
    },
  };
}

const offsetOf = (cursor: string | null): number => (cursor === null ? 0 : Number(cursor));

/** Returns `null` for a table that is gone or lacks the tag: it must not be changed or deleted. */
async function ownTable(
  api: ExtructClient,
  tableId: string,
  tag: string,
  ctx: CallContext,
): Promise<FoundTable | null> {
  const table = await nullIfGone(api.getOwnTable(ctx, tableId));
  if (table?.tags?.includes(tag) !== true) return null;
  const { id, created_at: createdAt, status } = table;
  return { id, createdAt: createdAt ?? '', rows: status?.num_rows ?? null };
}

/**
 * Returns the address that Extruct's own scripts print; another host (a sandbox) has no page for a
 * table.
 */
export const pageForPeople = (baseUrl: string, tableId: string): string | null =>
  new URL(baseUrl).host === new URL(EXTRUCT_BASE_URL).host
    ? `https://app.extruct.ai/tables/${encodeURIComponent(tableId)}`
    : null;

/** Returns one id per row in the order sent: by key if the reply repeats it, else by position. */
function idsInOrder(table: TableRef, sent: SnapshotRow[], added: RowWire[]): string[] {
  const byKey = new Map(
    added.map((row, at) => [row.metadata?.rowmill_key ?? sent[at]?.key, row.id]),
  );
  const ids = sent.flatMap(({ key }) => byKey.get(key) ?? []);
  if (added.length === sent.length && new Set(ids).size === sent.length) return ids;
  throw new RowmillError(
    'reply_unreadable',
    `sent ${sent.length} rows, and the reply names ${added.length} rows that do not match them`,
    { where: `POST /v1/tables/${table.id}/rows`, ambiguous: true },
  );
}

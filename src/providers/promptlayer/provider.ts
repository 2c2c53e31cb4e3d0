import type { TableRef } from '../../contract/table.ts';
import { RowmillError } from '../../errors.ts';
import { createHttpClient } from '../../http/client.ts';
import { redactorOf } from '../../http/redaction.ts';
import { sanitizer } from '../../http/sanitize.ts';
import { type ConnectionOptions, goneIsDeleted, nullIfGone } from '../json-api.ts';
import { oldestFirst, type FoundTable, type Provider, type TableRow } from '../provider.ts';
import { inputsOf, rowOf } from './cells.ts';
import { createPromptLayerClient, type SheetPlace } from './client.ts';
import { columnChange, compareColumns, KEY_TITLE, textOfValue, valuesOf } from './columns.ts';
import { rowAtOneEnd } from './row-at-one-end.ts';
import { runProgress, sheetProgress, startOperation } from './runs.ts';
import { ensureSheet, readColumns } from './sheet.ts';
import { Sheets } from './sheets.ts';
import { PROMPTLAYER_LIMITS } from './spec.ts';
import type { TableWire } from './wire.ts';

const TABLES_PER_PAGE = 100;
/** Prefix of the cursors that walk from the last row to the first. */
const BACKWARDS = 'desc:';

/**
 * Creates the PromptLayer Tables provider (public API v2). Substitutes for missing features: the
 * title contains the tag; a row is known by its index and a text column with the key. There is no
 * balance.
 */
export function createPromptLayerProvider({
  token,
  limits = PROMPTLAYER_LIMITS,
  ...options
}: ConnectionOptions): Provider {
  const auth = { 'x-api-key': token };
  const http = createHttpClient({ ...options, headers: () => auth });
  const quote = sanitizer(redactorOf(auth));
  const api = createPromptLayerClient(http);
  const sheets = new Sheets(api);

  return {
    name: 'promptlayer',
    limits,

    /** There is no balance to read: the shortest list shows whether the key is accepted. */
    async account(ctx) {
      const { data } = await api.listTables(ctx, { limit: 1 });
      const workspace = data[0]?.workspace_id;
      return { credits: null, label: workspace == null ? 'a workspace' : `workspace ${workspace}` };
    },

    /** The API does not report plans and quotas. */
    plan: null,

    /** Compares titles locally as well: `name` is documented to match titles that contain it. */
    async findTables(tag, ctx) {
      const found = new Map<string, FoundTable>();
      const seen = new Set<string>();
      for (let cursor: string | null = null, more = true; more;) {
        const query = { name: tag, order: 'asc', limit: TABLES_PER_PAGE };
        const page: Awaited<ReturnType<typeof api.listTables>> = await api.listTables(
          ctx,
          cursor === null ? query : { ...query, cursor },
        );
        for (const table of page.data) {
          const ours = ifTagged(table, tag);
          if (ours !== null) found.set(table.id, ours);
        }
        cursor = page.next;
        more = cursor !== null && !seen.has(cursor);
        if (cursor !== null) seen.add(cursor);
      }
      return oldestFirst(found.values());
    },

    async readTable(tableId, tag, ctx) {
      const reply = await nullIfGone(api.getTable(ctx, tableId));
      const table = reply === null ? null : ifTagged(reply.table, tag);
      if (table?.rows !== 1) return table;
      return (await sheets.isPristine(tableId, ctx)) ? { ...table, rows: 0 } : table;
    },

    /** `POST /tables`: not safe to repeat. */
    async createTable(spec, name, tag, ctx) {
      const folder = spec.settings?.['folder_id'];
      const { table, default_sheet: sheet } = await sheets.createTable(ctx, {
        title: `${name} ${tag}`,
        ...(folder === undefined ? {} : { folder_id: folder }),
      });
      return {
        id: table.id,
        url: null,
        columns: [],
        cancellable: true,
        ...(sheet == null ? {} : { sheetId: sheet.id }),
      };
    },

    ensureColumns: (table, spec, ctx) => ensureSheet(api, sheets, table, spec, ctx),

    deleteTable: (tableId, ctx) => goneIsDeleted(api.deleteTable(ctx, tableId)),

    /** `POST …/rows` always appends: not safe to repeat. */
    async addRows(table, rows, ctx) {
      const values = rows.map(({ key, input }) => valuesOf(table.columns, key, input));
      const { row_indices: indices, start_row_index: first } = await api.addRows(
        ctx,
        placeOf(table),
        values,
      );
      const places = indices ?? rows.map((_row, at) => (first ?? Number.NaN) + at);
      if (places.length === rows.length && !places.includes(Number.NaN)) return places.map(String);
      const what = `sent ${rows.length} rows, and the reply does not say where they are`;
      throw new RowmillError('reply_unreadable', what, {
        where: `table ${table.id}`,
        ambiguous: true,
      });
    },

    /** Rows are known by their places, and whether those of two requests may mix is not documented. */
    addsAtOnce: 1,

    /**
     * `null`: only the blank row is deleted, before there are others. It is not documented whether
     * later rows move up.
     */
    deleteRows: null,

    /** `PATCH …/cells/{cell}`, one request a cell: a cell is known by an id of its own. */
    async updateRows(table, rows, ctx) {
      for (const { id, input, cells } of rows) {
        for (const [column, { id: cellId }] of Object.entries(cells)) {
          if (cellId === undefined) {
            throw new RowmillError('reply_unreadable', `the cell of "${column}" has no id`, {
              where: `table ${table.id}, row ${id}`,
            });
          }
          const value = Object.hasOwn(input, column) ? (input[column] ?? null) : null;
          await api.updateCell(ctx, placeOf(table), cellId, textOfValue(value));
        }
      }
    },

    async compareColumns(table, spec, ctx) {
      return compareColumns(await readColumns(api, placeOf(table), ctx), spec);
    },

    /** `PATCH …/columns/{column}`. */
    async updateColumn(table, columnId, config, ctx) {
      const sheet = placeOf(table);
      const there = await readColumns(api, sheet, ctx);
      await api.updateColumn(ctx, sheet, columnId, columnChange(config, there));
    },

    deleteColumn: (table, columnId, ctx) =>
      goneIsDeleted(api.deleteColumn(ctx, placeOf(table), columnId)),

    async rowCount(table, ctx) {
      const { page } = await rowAtOneEnd(api, placeOf(table), { include_columns: 'false' }, ctx);
      if (typeof page.row_count === 'number') return page.row_count - blankRows(table);
      throw new RowmillError('reply_unreadable', 'the rows come without their number', {
        where: `table ${table.id}`,
      });
    },

    /**
     * Omits an empty scope and sends nothing: without `column_ids` and `row_ids`, the API would run
     * everything.
     */
    async startTableRun(table, scope, ctx) {
      if (scope.columnIds.length === 0 || scope.rowIds?.length === 0) {
        return { operations: [], requestedCells: 0 };
      }
      return startOperation(api, placeOf(table), scope, ctx, quote);
    },

    /** Reads the run's operations if known, else the sheet, which belongs to this run alone. */
    async progress(table, tableRun, ctx) {
      const sheet = placeOf(table);
      const { operations = [], before } = tableRun ?? {};
      if (operations.length > 0 && before !== undefined) {
        // Which ids can be read, and for how long, is not documented.
        const read = await Promise.all(
          operations.map((id) => nullIfGone(api.operation(ctx, sheet, id))),
        );
        const there = read.filter((operation) => operation !== null);
        const status = runProgress(there, before, tableRun?.requestedCells);
        // A missing operation may be the one that still runs; then the sheet decides.
        if (status.running || there.length === read.length) return status;
      }
      const status = sheetProgress(
        await api.sheetStatus(ctx, sheet),
        table.placeholderRows?.cells ?? 0,
      );
      // The sheet may count duplicate rows and columns, and omit cells that were never computed.
      return before === undefined ? status : { ...status, cellsTotal: before.cellsTotal };
    },

    /**
     * Cancels the known operations and all other active ones, because a reply may have been lost. A
     * missing operation needs no cancel.
     */
    async cancelQueuedCells(table, tableRun, ctx) {
      const sheet = placeOf(table);
      const { active_operations: active } = await api.sheetStatus(ctx, sheet);
      const ids = new Set(tableRun?.operations ?? []);
      for (const { operation_id: id } of active ?? []) if (id != null) ids.add(id);
      let cells = 0;
      for (const id of ids) {
        const cancelled = await nullIfGone(api.cancelOperation(ctx, sheet, id));
        // Running cells may be charged, so only those not started count.
        const given = cancelled?.not_started_reset_count ?? cancelled?.cancelled_cell_count ?? 0;
        ctx.onCancelled?.(given);
        cells += given;
      }
      return { cells };
    },

    past: { by: 'other end', from: BACKWARDS },

    /** Sends the same parameters for every page, because a cursor is bound to them. */
    async page(table, cursor, ctx, max = limits.rowsPerPage, withInputs = false) {
      const back = cursor?.startsWith(BACKWARDS) === true;
      const own = back ? cursor.slice(BACKWARDS.length) : (cursor ?? '');
      const order = back ? { order: 'desc' } : {};
      const query = { limit: max, include_columns: 'false', ...order };
      const computed = table.columns.filter((column) => !column.input);
      const page = await api
        .listRows(ctx, placeOf(table), own === '' ? query : { ...query, cursor: own })
        .catch((error: unknown) => {
          throw own === '' ? error : startAgain(error);
        });
      const blank = blankIds(table);
      const keyColumn = keyColumnOf(table);
      const rows = page.data.map((wire): TableRow => {
        const row = rowOf(wire, computed, keyColumn, quote);
        return withInputs ? { ...row, inputs: inputsOf(wire, table.columns, keyColumn) } : row;
      });
      return {
        // A row with a key is never a blank row.
        rows: rows.filter(({ id, key }) => key !== null || !blank.has(id)),
        next: page.next === null || !back ? page.next : BACKWARDS + page.next,
        total: typeof page.row_count === 'number' ? page.row_count - blankRows(table) : null,
        ...(typeof page.version === 'number' ? { version: String(page.version) } : {}),
      };
    },
  };
}

/** Returns `null` for a table whose title lacks the tag. */
function ifTagged(table: TableWire, tag: string): FoundTable | null {
  const { id, title, created_at: createdAt, sheet_count: sheets } = table;
  if (title?.includes(tag) !== true) return null;
  // A table without a sheet has no rows; one with a sheet counts as in use, because the list shows
  // no more.
  return { id, createdAt: createdAt ?? '', rows: sheets ?? null };
}

/**
 * Returns the sheet of a table. @throws RowmillError `internal` if the sheet was never looked up
 */
function placeOf({ id: tableId, sheetId }: TableRef): SheetPlace {
  if (sheetId !== undefined) return { tableId, sheetId };
  throw new RowmillError('internal', 'no sheet is known', { where: `table ${tableId}` });
}

const blankRows = ({ placeholderRows }: TableRef): number => placeholderRows?.rows ?? 0;

const blankIds = ({ placeholderRows }: TableRef): ReadonlySet<string> =>
  new Set(placeholderRows?.ids ?? []);

const keyColumnOf = ({ columns }: TableRef): string =>
  columns.find(({ key }) => key === KEY_TITLE)?.id ?? '';

/** Converts a refused cursor to an error that restarts the walk: the table changed since. */
function startAgain(error: unknown): unknown {
  if (!(error instanceof RowmillError) || error.code !== 'request_refused') return error;
  return new RowmillError('pages_unstable', error.what, { cause: error, where: error.where });
}

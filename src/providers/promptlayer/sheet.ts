import type { ColumnConfig, TableSpec } from '../../contract/pipeline.ts';
import type { TableRef } from '../../contract/table.ts';
import { RowmillError } from '../../errors.ts';
import type { BareTable, CallContext } from '../provider.ts';
import { textOf } from './cells.ts';
import type { PromptLayerClient, SheetPlace } from './client.ts';
import { TEXT } from './column-configs.ts';
import {
  columnBody,
  columnsOf,
  findColumn,
  KEY_TITLE,
  SCAFFOLD_TITLE,
  wantedColumns,
} from './columns.ts';
import { titleOf, typeOf } from './dependencies.ts';
import { rowAtOneEnd } from './row-at-one-end.ts';
import type { Sheets } from './sheets.ts';
import type { ColumnWire, RowWire } from './wire.ts';

/**
 * Finds or creates the table's sheet with its columns. Reads before and after it creates, so a
 * repeat after a lost reply creates nothing that exists. Of duplicates (a blank sheet, a column of
 * one title) only the first is used. In an untouched table nothing can exist, so the replies are
 * sufficient.
 */
export async function ensureSheet(
  api: PromptLayerClient,
  sheets: Sheets,
  { id: tableId, untouched = false, sheetId: known }: BareTable,
  spec: TableSpec,
  ctx: CallContext,
): Promise<TableRef> {
  const sheetId = untouched
    ? (known ?? (await sheets.make(tableId, spec, ctx)))
    : await sheets.find(tableId, spec, ctx);
  const sheet = { tableId, sheetId };
  let seen = await look(api, sheet, ctx);
  for (const config of wantedColumns(spec)) {
    const title = titleOf(config);
    if (findColumn(seen.columns, title) !== undefined) continue;
    const made = await makeColumn(api, sheet, config, seen.columns, ctx);
    seen = untouched
      ? { ...seen, columns: [...seen.columns.filter(({ id }) => id !== made.id), made] }
      : await look(api, sheet, ctx);
    if (findColumn(seen.columns, title) === undefined) {
      throw unreadable(sheet, `does not show its new column "${title}"`);
    }
    if (title === KEY_TITLE) seen = await withoutBlank(api, sheet, seen, ctx);
  }
  const columns = columnsOf(seen.columns, spec);
  const computed = columns.filter(({ input }) => !input).length;
  const blank = blankRow(seen);
  return {
    id: tableId,
    url: null,
    sheetId,
    columns,
    cancellable: true,
    ...(blank === null
      ? {}
      : { placeholderRows: { rows: 1, cells: computed, ids: [String(blank.row_index)] } }),
  };
}

/**
 * Deletes the one row of a blank sheet before there are computed columns, which may run on every row at
 * once. Requested only once in the life of a sheet, right after its key column was made and before any
 * row was sent. A repeat that is committed late could delete a real row. If the deletion fails the row
 * stays, without a key.
 */
async function withoutBlank(
  api: PromptLayerClient,
  sheet: SheetPlace,
  seen: Look,
  ctx: CallContext,
): Promise<Look> {
  const blank = blankRow(seen);
  if (blank === null || seen.rows !== 1 || !isEmpty(blank)) return seen;
  try {
    await api.deleteRows(ctx, sheet, [blank.row_index]);
  } catch (error) {
    const refused = error instanceof RowmillError && !error.ambiguous && !error.retryable;
    if (!refused) throw error;
    return seen;
  }
  return look(api, sheet, ctx);
}

interface Look {
  /** First row of the sheet, if it can be read. */
  row: RowWire | undefined;
  /** Row count of the sheet; `null` if not reported. */
  rows: number | null;
  columns: ColumnWire[];
}

/** Reads the beginning until the same row is returned twice. */
const MAX_READS = 4;

async function look(api: PromptLayerClient, sheet: SheetPlace, ctx: CallContext): Promise<Look> {
  let before: number | undefined;
  for (let looks = 1; looks <= MAX_READS; looks += 1) {
    const read = () => rowAtOneEnd(api, sheet, { include_columns: 'true' }, ctx);
    let { page, isFirst } = await read();
    // An outage may have ended between the reads of the first and of the last row.
    if (!isFirst) ({ page, isFirst } = await read());
    const [row] = page.data;
    const rows = page.row_count ?? null;
    if (page.columns == null) throw unreadable(sheet, 'does not say what columns it has');
    // A blank row breaks no page: the one that does is a row of the run.
    if (!isFirst) return { row: undefined, rows, columns: page.columns };
    const first = { row, rows, columns: page.columns };
    // A page may show a later row in place of the first.
    if (row === undefined && (rows ?? 0) === 0) return first;
    if (row !== undefined && (row.row_index === 0 || rows === 1)) return first;
    if (row !== undefined && row.row_index === before) return first;
    before = row?.row_index;
  }
  throw unreadable(sheet, 'does not show its first row');
}

/** Reads the columns of a sheet. */
export async function readColumns(
  api: PromptLayerClient,
  sheet: SheetPlace,
  ctx: CallContext,
): Promise<ColumnWire[]> {
  const { page } = await rowAtOneEnd(api, sheet, { include_columns: 'true' }, ctx);
  const { columns } = page;
  if (columns == null) throw unreadable(sheet, 'does not say what columns it has');
  return columns;
}

const unreadable = ({ tableId, sheetId }: SheetPlace, what: string): RowmillError =>
  new RowmillError('reply_unreadable', `the sheet ${what}`, {
    where: `table ${tableId}, sheet ${sheetId}`,
  });

/** Renames the column of a blank sheet to the first wanted column. */
async function makeColumn(
  api: PromptLayerClient,
  sheet: SheetPlace,
  config: ColumnConfig,
  there: ColumnWire[],
  ctx: CallContext,
): Promise<ColumnWire> {
  const scaffold = findColumn(there, SCAFFOLD_TITLE);
  const { column } =
    scaffold !== undefined && typeOf(config) === TEXT
      ? await api.renameColumn(ctx, sheet, scaffold.id, titleOf(config))
      : await api.createColumn(ctx, sheet, columnBody(config, there));
  return column;
}

/** Returns the row of a blank sheet; it has no key, so it is never run. */
function blankRow({ row, columns }: Look): RowWire | null {
  const keyColumn = findColumn(columns, KEY_TITLE)?.id ?? '';
  return row === undefined || textOf(row.cells?.[keyColumn]) !== null ? null : row;
}

const isEmpty = ({ cells }: RowWire): boolean =>
  Object.values(cells ?? {}).every((cell) => textOf(cell) === null);

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
import type { Sheets } from './sheets.ts';
import type { ColumnWire, RowWire } from './wire.ts';

/**
 * The table's sheet with its columns; makes what is not there yet, and reads before it makes and
 * afterwards: a repeat after a lost reply makes nothing twice that has landed. Of what lands twice
 * all the same, a blank sheet or a column of the same title, only the first is ever used. In a table
 * that nobody has touched nothing can have landed, and the replies tell what there is.
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
 * Deletes the one row of a blank sheet before there are computed columns, which may be run at once on
 * every row that is there. It is asked for once in the life of a sheet: right after its column for the
 * keys was made, before which no row was ever sent. Asked for again, a request that lands late could
 * delete a row that has taken its place. Where that fails the row stays, without a key.
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
  /** The one at the beginning. */
  row: RowWire | undefined;
  /** Of the sheet; `null` where it does not say. */
  rows: number | null;
  columns: ColumnWire[];
}

/** Looks at the beginning until the same row stands there twice. */
const LOOKS = 4;

async function look(api: PromptLayerClient, sheet: SheetPlace, ctx: CallContext): Promise<Look> {
  let before: number | undefined;
  for (let looks = 1; looks <= LOOKS; looks += 1) {
    const page = await api.listRows(ctx, sheet, { limit: 1, include_columns: 'true' });
    const [row] = page.data;
    const rows = page.row_count ?? null;
    if (page.columns == null) throw unreadable(sheet, 'does not say what columns it has');
    const first = { row, rows, columns: page.columns };
    // One that stands behind others may be shown in place of the first.
    if (row === undefined && (rows ?? 0) === 0) return first;
    if (row !== undefined && (row.row_index === 0 || rows === 1)) return first;
    if (row !== undefined && row.row_index === before) return first;
    before = row?.row_index;
  }
  throw unreadable(sheet, 'does not show its first row');
}

const unreadable = ({ tableId, sheetId }: SheetPlace, what: string): RowmillError =>
  new RowmillError('reply_unreadable', `the sheet ${what}`, {
    where: `table ${tableId}, sheet ${sheetId}`,
  });

/** The column that blank sheets come with becomes our first. */
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

/** The row that a blank sheet has: without a key, it is never run. */
function blankRow({ row, columns }: Look): RowWire | null {
  const keyColumn = findColumn(columns, KEY_TITLE)?.id ?? '';
  return row === undefined || textOf(row.cells?.[keyColumn]) !== null ? null : row;
}

const isEmpty = ({ cells }: RowWire): boolean =>
  Object.values(cells ?? {}).every((cell) => textOf(cell) === null);

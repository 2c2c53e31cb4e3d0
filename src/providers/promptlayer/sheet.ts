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
import type { ColumnWire, RowWire } from './wire.ts';

/**
 * The table's sheet with its columns; makes what is not there yet, and reads before it makes and
 * afterwards: a repeat after a lost reply makes nothing twice that has landed. Of what lands twice
 * all the same, a blank sheet or a column of the same title, only the first is ever used. In a table
 * that nobody has touched nothing can have landed, and the replies tell what there is.
 */
export async function ensureSheet(
  api: PromptLayerClient,
  { id: tableId, untouched = false }: BareTable,
  spec: TableSpec,
  ctx: CallContext,
): Promise<TableRef> {
  const sheetId = untouched
    ? (await makeSheet(api, tableId, spec, ctx)).id
    : await foundSheet(api, tableId, spec, ctx);
  const sheet = { tableId, sheetId };
  const { row, columns: first } = await look(api, sheet, ctx);
  let there = first;
  for (const config of wantedColumns(spec)) {
    if (findColumn(there, titleOf(config)) !== undefined) continue;
    const made = await makeColumn(api, sheet, config, there, ctx);
    there = untouched
      ? [...there.filter(({ id }) => id !== made.id), made]
      : (await look(api, sheet, ctx)).columns;
    if (findColumn(there, titleOf(config)) === undefined) {
      throw unreadable(sheet, `does not show its new column "${titleOf(config)}"`);
    }
  }
  const columns = columnsOf(there, spec);
  const blank = isBlank(row, there) ? 1 : 0;
  const computed = columns.filter(({ input }) => !input).length;
  return {
    ...{ id: tableId, url: null, sheetId, columns, cancellable: true },
    ...(blank === 0 ? {} : { blank: { rows: blank, cells: blank * computed } }),
  };
}

/** The first of the table's; another one may have landed before the one that is made here. */
async function foundSheet(
  api: PromptLayerClient,
  tableId: string,
  spec: TableSpec,
  ctx: CallContext,
): Promise<string> {
  const there = await firstSheet(api, tableId, ctx);
  if (there !== null) return there;
  const made = await makeSheet(api, tableId, spec, ctx);
  return (await firstSheet(api, tableId, ctx)) ?? made.id;
}

async function firstSheet(
  api: PromptLayerClient,
  tableId: string,
  ctx: CallContext,
): Promise<string | null> {
  const { data: sheets } = await api.listSheets(ctx, tableId);
  return sheets[0]?.id ?? null;
}

async function makeSheet(
  api: PromptLayerClient,
  tableId: string,
  { settings }: TableSpec,
  ctx: CallContext,
): Promise<{ id: string }> {
  const title = settings?.['sheet'];
  const { sheet } = await api.createSheet(ctx, tableId, typeof title === 'string' ? title : 'Rows');
  return sheet;
}

interface Look {
  /** The one at the beginning. */
  row: RowWire | undefined;
  columns: ColumnWire[];
}

async function look(api: PromptLayerClient, sheet: SheetPlace, ctx: CallContext): Promise<Look> {
  const page = await api.listRows(ctx, sheet, { limit: 1, include_columns: 'true' });
  const [row] = page.data;
  if (page.columns == null) throw unreadable(sheet, 'does not say what columns it has');
  const begins = row === undefined ? (page.row_count ?? 0) === 0 : row.row_index === 0;
  if (!begins) throw unreadable(sheet, 'does not show its first row');
  return { row, columns: page.columns };
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

/**
 * A blank sheet has one row with nothing in it. It stays, without a key, and is never run: deleted,
 * by a request that lands late, another row would stand in its place and be deleted instead.
 */
function isBlank(row: RowWire | undefined, columns: ColumnWire[]): boolean {
  const keyColumn = findColumn(columns, KEY_TITLE)?.id ?? '';
  return row !== undefined && textOf(row.cells?.[keyColumn]) === null;
}

import type { TableSpec } from '../../contract/pipeline.ts';
import type { TableRef } from '../../contract/table.ts';
import { RowmillError } from '../../errors.ts';
import type { CallContext } from '../provider.ts';
import { textOf } from './cells.ts';
import type { PromptLayerClient, SheetPlace } from './client.ts';
import {
  columnBody,
  columnsOf,
  findColumn,
  KEY_TITLE,
  SCAFFOLD_TITLE,
  wantedColumns,
} from './columns.ts';
import { titleOf } from './dependencies.ts';
import type { ColumnWire, RowWire } from './wire.ts';

/**
 * The table's sheet with its columns; makes what is not there yet, and reads before it makes: a
 * repeat after a lost reply makes nothing twice that has landed. What lands twice all the same, a
 * blank sheet or a column of the same title, is never used.
 */
export async function ensureSheet(
  api: PromptLayerClient,
  tableId: string,
  spec: TableSpec,
  ctx: CallContext,
): Promise<TableRef> {
  const { data: sheets } = await api.listSheets(ctx, tableId);
  const sheetId = sheets[0]?.id ?? (await makeSheet(api, tableId, spec, ctx));
  const sheet = { tableId, sheetId };
  const first = await api.listRows(ctx, sheet, { limit: 1, include_columns: 'true' });
  const there = await makeColumns(api, sheet, spec, first.columns ?? [], ctx);
  await clearBlankRow(api, sheet, first.data[0], there, ctx);
  const columns = columnsOf(there, spec);
  return { id: tableId, url: null, sheetId, columns, cancellable: true };
}

async function makeSheet(
  api: PromptLayerClient,
  tableId: string,
  { settings }: TableSpec,
  ctx: CallContext,
): Promise<string> {
  const title = settings?.['sheet'];
  const wanted = typeof title === 'string' ? title : 'Rows';
  return (await api.createSheet(ctx, tableId, wanted)).sheet.id;
}

/** One by one: a column is named by the id of those it reads. */
async function makeColumns(
  api: PromptLayerClient,
  sheet: SheetPlace,
  spec: TableSpec,
  before: ColumnWire[],
  ctx: CallContext,
): Promise<ColumnWire[]> {
  const there = [...before];
  for (const config of wantedColumns(spec)) {
    const title = titleOf(config);
    if (findColumn(there, title) !== undefined) continue;
    const scaffold = there.findIndex((column) => column.title === SCAFFOLD_TITLE);
    if (scaffold >= 0 && config['type'] === 'TEXT') {
      // The column that blank sheets come with becomes our first.
      const id = there[scaffold]?.id ?? '';
      await api.renameColumn(ctx, sheet, id, title);
      there[scaffold] = { id, title, type: 'TEXT' };
      continue;
    }
    const { column } = await api.createColumn(ctx, sheet, columnBody(config, there));
    there.push({ ...column, title });
  }
  return there;
}

/**
 * A blank sheet has one row with nothing in it. Official clients delete it as is done here; where
 * that is refused it stays, without a key: then rows are run by their index, and it never is.
 */
async function clearBlankRow(
  api: PromptLayerClient,
  sheet: SheetPlace,
  row: RowWire | undefined,
  columns: ColumnWire[],
  ctx: CallContext,
): Promise<void> {
  const keyColumn = findColumn(columns, KEY_TITLE)?.id ?? '';
  if (row === undefined || textOf(row.cells?.[keyColumn]) !== null) return;
  try {
    await api.deleteRows(ctx, sheet, [row.row_index]);
  } catch (error) {
    if (!(error instanceof RowmillError)) throw error;
    if (CANNOT.includes(error.code)) return;
    // It may still land, when another row stands there: this sheet is not to be used any more.
    if (error.ambiguous) await api.deleteSheet(ctx, sheet);
    throw error;
  }
}

const CANNOT: readonly string[] = ['request_refused', 'not_found', 'forbidden'];

import type { Json } from '../../contract/json.ts';
import type { HttpClient } from '../../http/client.ts';
import { apiCalls, type CallApi } from '../json-api.ts';
import type { CallContext } from '../provider.ts';
import { asExhaustedPlan } from './exhausted-plan.ts';
import * as wire from './wire.ts';

/** Sheet of a table. */
export interface SheetPlace {
  tableId: string;
  sheetId: string;
}

export interface ListQuery {
  cursor?: string;
  limit: number;
  [name: string]: string | number;
}

export type PromptLayerClient = ReturnType<typeof createPromptLayerClient>;

const TABLES = '/api/public/v2/tables';
const SHEET = '/{table}/sheets/{sheet}';

/** Creates PromptLayer's endpoints, one function each (docs.promptlayer.com, Tables). */
export function createPromptLayerClient(http: HttpClient) {
  const send = apiCalls(http);
  const call: CallApi = (schema, ctx, one) =>
    send(schema, ctx, { ...one, path: TABLES + one.path }).catch((error: unknown) => {
      throw asExhaustedPlan(error);
    });

  const inSheet = ({ tableId, sheetId }: SheetPlace, more: Record<string, string> = {}) => ({
    ids: { table: tableId, sheet: sheetId, ...more },
  });

  return {
    listTables: (ctx: CallContext, query: ListQuery) =>
      call(wire.TablesReply, ctx, { method: 'GET', path: '', query }),

    createTable: (ctx: CallContext, body: Json) =>
      call(wire.TableReply, ctx, { method: 'POST', path: '', body }),

    getTable: (ctx: CallContext, tableId: string) =>
      call(wire.TableReply, ctx, { method: 'GET', path: '/{table}', ids: { table: tableId } }),

    deleteTable: (ctx: CallContext, tableId: string) =>
      call(wire.AnyReply, ctx, { method: 'DELETE', path: '/{table}', ids: { table: tableId } }),

    listSheets: (ctx: CallContext, tableId: string) =>
      call(wire.SheetsReply, ctx, {
        method: 'GET',
        path: '/{table}/sheets',
        ids: { table: tableId },
        query: { order: 'asc', limit: 100 },
      }),

    createSheet: (ctx: CallContext, tableId: string, title: string) =>
      call(wire.SheetReply, ctx, {
        method: 'POST',
        path: '/{table}/sheets',
        ids: { table: tableId },
        body: { title },
      }),

    createColumn: (ctx: CallContext, sheet: SheetPlace, body: Json) =>
      call(wire.ColumnReply, ctx, {
        method: 'POST',
        path: `${SHEET}/columns`,
        ...inSheet(sheet),
        body,
      }),

    renameColumn: (ctx: CallContext, sheet: SheetPlace, columnId: string, title: string) =>
      call(wire.ColumnReply, ctx, {
        method: 'PATCH',
        path: `${SHEET}/columns/{column}`,
        ...inSheet(sheet, { column: columnId }),
        body: { title },
      }),

    updateColumn: (ctx: CallContext, sheet: SheetPlace, columnId: string, body: Json) =>
      call(wire.AnyReply, ctx, {
        method: 'PATCH',
        path: `${SHEET}/columns/{column}`,
        ...inSheet(sheet, { column: columnId }),
        body,
      }),

    deleteColumn: (ctx: CallContext, sheet: SheetPlace, columnId: string) =>
      call(wire.AnyReply, ctx, {
        method: 'DELETE',
        path: `${SHEET}/columns/{column}`,
        ...inSheet(sheet, { column: columnId }),
      }),

    updateCell: (ctx: CallContext, sheet: SheetPlace, cellId: string, text: string) =>
      call(wire.AnyReply, ctx, {
        method: 'PATCH',
        path: `${SHEET}/cells/{cell}`,
        ...inSheet(sheet, { cell: cellId }),
        body: { value: text, display_value: text },
      }),

    listRows: (ctx: CallContext, sheet: SheetPlace, query: ListQuery) =>
      call(wire.RowsReply, ctx, {
        method: 'GET',
        path: `${SHEET}/rows`,
        ...inSheet(sheet),
        query: { order: 'asc', ...query },
      }),

    deleteRows: (ctx: CallContext, sheet: SheetPlace, indices: number[]) =>
      call(wire.AnyReply, ctx, {
        method: 'DELETE',
        path: `${SHEET}/rows`,
        ...inSheet(sheet),
        body: { row_indices: indices },
      }),

    addRows: (ctx: CallContext, sheet: SheetPlace, values: Record<string, Json>[]) =>
      call(wire.AddedRowsReply, ctx, {
        method: 'POST',
        path: `${SHEET}/rows`,
        ...inSheet(sheet),
        body: { count: values.length, values },
      }),

    recalculate: (ctx: CallContext, sheet: SheetPlace, body: Record<string, Json>) =>
      call(wire.OperationReply, ctx, {
        method: 'POST',
        path: `${SHEET}/operations`,
        ...inSheet(sheet),
        body: { operation: 'recalculate', ...body },
      }),

    sheetStatus: (ctx: CallContext, sheet: SheetPlace) =>
      call(wire.SheetStatusReply, ctx, {
        method: 'GET',
        path: `${SHEET}/operations`,
        ...inSheet(sheet),
      }),

    operation: (ctx: CallContext, sheet: SheetPlace, operationId: string) =>
      call(wire.OperationStatusReply, ctx, {
        method: 'GET',
        path: `${SHEET}/operations/{operation}`,
        ...inSheet(sheet, { operation: operationId }),
      }),

    cancelOperation: (ctx: CallContext, sheet: SheetPlace, operationId: string) =>
      call(wire.CancelReply, ctx, {
        method: 'DELETE',
        path: `${SHEET}/operations/{operation}`,
        ...inSheet(sheet, { operation: operationId }),
      }),
  };
}

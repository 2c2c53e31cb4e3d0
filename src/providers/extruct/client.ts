import type { JsonObject } from '../../contract/json.ts';
import type { RunMode } from '../../contract/table.ts';
import type { HttpClient } from '../../http/client.ts';
import { apiCalls } from '../json-api.ts';
import type { CallContext } from '../provider.ts';
import {
  AnyReply,
  BillingReply,
  ColumnsReply,
  DataReply,
  OwnTableReply,
  RowsReply,
  RunReply,
  TableReply,
  TablesReply,
  TableStatusReply,
  UserReply,
} from './wire.ts';

export type ExtructClient = ReturnType<typeof createExtructClient>;

/** Creates Extruct's endpoints, one function each (docs.extruct.ai, API reference). */
export function createExtructClient(http: HttpClient) {
  const call = apiCalls(http);

  return {
    billing: (ctx: CallContext) => call(BillingReply, ctx, { method: 'GET', path: '/v1/billing' }),

    user: (ctx: CallContext) => call(UserReply, ctx, { method: 'GET', path: '/v1/user' }),

    listTables: (ctx: CallContext, query: { tags: string; offset: number; limit: number }) =>
      call(TablesReply, ctx, {
        method: 'GET',
        path: '/v1/tables',
        query: { ...query, sort: 'created_at' },
      }),

    createTable: (ctx: CallContext, body: JsonObject) =>
      call(TableReply, ctx, { method: 'POST', path: '/v1/tables', body }),

    getTable: (ctx: CallContext, id: string) =>
      call(TableReply, ctx, { method: 'GET', path: '/v1/tables/{id}', ids: { id } }),

    getOwnTable: (ctx: CallContext, id: string) =>
      call(OwnTableReply, ctx, { method: 'GET', path: '/v1/tables/{id}', ids: { id } }),

    getTableStatus: (ctx: CallContext, id: string) =>
      call(TableStatusReply, ctx, { method: 'GET', path: '/v1/tables/{id}', ids: { id } }),

    deleteTable: (ctx: CallContext, id: string) =>
      call(AnyReply, ctx, { method: 'DELETE', path: '/v1/tables/{id}', ids: { id } }),

    createColumns: (ctx: CallContext, id: string, configs: JsonObject[]) =>
      call(ColumnsReply, ctx, {
        method: 'POST',
        path: '/v1/tables/{id}/columns',
        ids: { id },
        body: { column_configs: configs },
      }),

    updateColumn: (ctx: CallContext, id: string, columnId: string, config: JsonObject) =>
      call(AnyReply, ctx, {
        method: 'PATCH',
        path: '/v1/tables/{id}/columns/{column}',
        ids: { id, column: columnId },
        body: config,
      }),

    deleteColumn: (ctx: CallContext, id: string, columnId: string) =>
      call(AnyReply, ctx, {
        method: 'DELETE',
        path: '/v1/tables/{id}/columns/{column}',
        ids: { id, column: columnId },
      }),

    createRows: (ctx: CallContext, id: string, rows: JsonObject[]) =>
      call(RowsReply, ctx, {
        method: 'POST',
        path: '/v1/tables/{id}/rows',
        ids: { id },
        body: { rows, run: false },
      }),

    updateRows: (ctx: CallContext, id: string, rows: JsonObject[]) =>
      call(AnyReply, ctx, {
        method: 'PATCH',
        path: '/v1/tables/{id}/rows',
        ids: { id },
        body: { rows, run: false },
      }),

    deleteRows: (ctx: CallContext, id: string, rowIds: string[]) =>
      call(AnyReply, ctx, {
        method: 'DELETE',
        path: '/v1/tables/{id}/rows',
        ids: { id },
        body: { rows: rowIds },
      }),

    run: (
      ctx: CallContext,
      id: string,
      scope: { mode: RunMode; columns?: string[]; rows?: string[] },
    ) =>
      call(RunReply, ctx, {
        method: 'POST',
        path: '/v1/tables/{id}/run',
        ids: { id },
        body: { ...scope },
      }),

    data: (ctx: CallContext, id: string, query: { offset: number; limit: number }) =>
      call(DataReply, ctx, { method: 'GET', path: '/v1/tables/{id}/data', ids: { id }, query }),
  };
}

import type { z } from 'zod';
import type { Json, JsonObject } from '../../contract/json.ts';
import type { RunMode } from '../../contract/table.ts';
import type { HttpClient, HttpRequest } from '../../http/client.ts';
import type { CallContext } from '../provider.ts';
import {
  AnyReply,
  ColumnsReply,
  DataReply,
  RowsReply,
  RunReply,
  TableReply,
  TablesReply,
  TableStatusReply,
  UserReply,
} from './wire.ts';

interface Call {
  method: HttpRequest['method'];
  /** With `{id}` for the table. */
  path: string;
  tableId?: string;
  query?: NonNullable<HttpRequest['query']>;
  body?: Json;
}

export type ExtructClient = ReturnType<typeof createExtructClient>;

/** Extruct's endpoints, one function each (docs.extruct.ai, API reference). */
export function createExtructClient(http: HttpClient) {
  async function call<Schema extends z.ZodType>(
    schema: Schema,
    ctx: CallContext,
    { method, path, tableId = '', query, body }: Call,
  ): Promise<z.output<Schema>> {
    const reply = await http.request({
      method,
      path: path.replace('{id}', encodeURIComponent(tableId)),
      route: `${method} ${path}`,
      ...(query === undefined ? {} : { query }),
      ...(body === undefined ? {} : { body }),
      ...(ctx.signal === undefined ? {} : { signal: ctx.signal }),
      ...(ctx.onRequest === undefined ? {} : { onRequest: ctx.onRequest }),
      repeatable: method === 'GET',
    });
    const parsed = schema.safeParse(reply.json);
    if (parsed.success) return parsed.data;
    const [issue] = parsed.error.issues;
    const at = issue === undefined ? '' : `: ${issue.path.join('.') || 'reply'}: ${issue.message}`;
    throw reply.unreadable(`answered ${reply.status} in an undocumented shape${at}`);
  }

  return {
    user: (ctx: CallContext) => call(UserReply, ctx, { method: 'GET', path: '/v1/user' }),

    listTables: (ctx: CallContext, query: { tags: string; offset: number; limit: number }) =>
      call(TablesReply, ctx, {
        method: 'GET',
        path: '/v1/tables',
        query: { ...query, sort: 'created_at' },
      }),

    createTable: (ctx: CallContext, body: JsonObject) =>
      call(TableReply, ctx, { method: 'POST', path: '/v1/tables', body }),

    getTable: (ctx: CallContext, tableId: string) =>
      call(TableReply, ctx, { method: 'GET', path: '/v1/tables/{id}', tableId }),

    getTableStatus: (ctx: CallContext, tableId: string) =>
      call(TableStatusReply, ctx, { method: 'GET', path: '/v1/tables/{id}', tableId }),

    deleteTable: (ctx: CallContext, tableId: string) =>
      call(AnyReply, ctx, { method: 'DELETE', path: '/v1/tables/{id}', tableId }),

    createColumns: (ctx: CallContext, tableId: string, configs: JsonObject[]) =>
      call(ColumnsReply, ctx, {
        method: 'POST',
        path: '/v1/tables/{id}/columns',
        tableId,
        body: { column_configs: configs },
      }),

    createRows: (ctx: CallContext, tableId: string, rows: JsonObject[]) =>
      call(RowsReply, ctx, {
        method: 'POST',
        path: '/v1/tables/{id}/rows',
        tableId,
        body: { rows, run: false },
      }),

    deleteRows: (ctx: CallContext, tableId: string, rowIds: string[]) =>
      call(AnyReply, ctx, {
        method: 'DELETE',
        path: '/v1/tables/{id}/rows',
        tableId,
        body: { rows: rowIds },
      }),

    run: (
      ctx: CallContext,
      tableId: string,
      scope: { mode: RunMode; columns: string[]; rows?: string[] },
    ) =>
      call(RunReply, ctx, {
        method: 'POST',
        path: '/v1/tables/{id}/run',
        tableId,
        body: { ...scope },
      }),

    data: (ctx: CallContext, tableId: string, query: { offset: number; limit: number }) =>
      call(DataReply, ctx, { method: 'GET', path: '/v1/tables/{id}/data', tableId, query }),
  };
}

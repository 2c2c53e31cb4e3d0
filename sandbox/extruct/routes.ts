import type { SandboxCore } from '../engine/core.ts';
import { listTables } from './listing.ts';
import { invalid, notFound } from '../http/problem.ts';
import {
  columnOutput,
  OWNER,
  rowOutput,
  rowWithStatus,
  tableData,
  tableHeader,
  tableListItem,
  tableWithStatus,
} from './render.ts';
import * as requests from './requests.ts';
import type { Answer, Call, Route } from '../http/route.ts';
import { columnConfig } from '../engine/column-config.ts';
import { checked } from '../http/validation.ts';
import type { RowsDone } from './rows.ts';
import { tableOf } from '../engine/state.ts';

const ORGANIZATION = {
  organization_id: '5a4db000-0000-4000-8000-000000000002',
  organization_name: 'Sandbox',
  organization_slug: 'sandbox',
  organization_is_active: true,
};

const tableId = ({ params }: Call): string => params['table_id'] ?? '';
const columnId = ({ params }: Call): string => params['column_id'] ?? '';

function rowsAnswer({ state }: SandboxCore, { table, slots }: RowsDone): Answer {
  const body = slots.map((slot) => rowOutput(state, table, slot));
  return { body: state.extruct.rowsReply === 'reversed' ? body.reverse() : body };
}

const deletedAnswer = ({ state }: SandboxCore, body: unknown): Answer => ({
  body: state.extruct.deleteReply === 'empty' ? undefined : body,
});

const onceEach = <Row extends { data: unknown }>(rows: readonly Row[]): Row[] => [
  ...new Map(rows.map((row) => [JSON.stringify(row.data), row])).values(),
];

const account: Route[] = [
  {
    method: 'GET',
    url: '/v1/healthcheck',
    auth: 'none',
    handle: () => ({ body: { status: 'ok' } }),
  },
  {
    method: 'GET',
    url: '/v1/user',
    handle: (core) => ({
      body: {
        user_id: OWNER.id,
        email: OWNER.email,
        available_credits: core.read(({ credits, extruct }) =>
          extruct.balanceTold ? credits : null,
        ),
        ...ORGANIZATION,
      },
    }),
  },
  {
    method: 'GET',
    url: '/v1/billing',
    handle: ({ state: { extruct } }) => {
      if (extruct.billing === null) throw notFound('Billing');
      const { requiresSubscription, planTier } = extruct.billing;
      const subscription = { requires_subscription: requiresSubscription, plan_tier: planTier };
      return { body: { user: ORGANIZATION, subscription } };
    },
  },
];

const tables: Route[] = [
  {
    method: 'POST',
    url: '/v1/tables',
    handle: (core, call) => {
      const { column_configs, ...request } = checked(requests.createTable, call.body(), 'body');
      const table = core.execute('createTable', { ...request, configs: column_configs ?? [] });
      return { body: tableHeader(core.state, table) };
    },
  },
  {
    method: 'GET',
    url: '/v1/tables',
    handle: (core, { query }) => {
      const request = checked(requests.listQuery, query, 'query');
      const listing = core.read((state) => listTables(state, request));
      const body = listing.tables.map((table) => tableListItem(core.state, table));
      return { body, headers: listing.headers };
    },
  },
  {
    method: 'GET',
    url: '/v1/tables/:table_id',
    handle: (core, call) => ({
      body: core.read((state) => tableWithStatus(state, tableOf(state, tableId(call)))),
    }),
  },
  {
    method: 'PATCH',
    url: '/v1/tables/:table_id',
    handle: (core, call) => {
      const { columns_order, ...change } = checked(requests.patchTable, call.body(), 'body');
      const request = { tableId: tableId(call), columnsOrder: columns_order, ...change };
      return { body: tableHeader(core.state, core.execute('changeTable', request)) };
    },
  },
  {
    method: 'DELETE',
    url: '/v1/tables/:table_id',
    handle: (core, call) => {
      const deleted = core.execute('deleteTable', { tableId: tableId(call) });
      return deletedAnswer(core, tableHeader(core.state, deleted));
    },
  },
  {
    method: 'POST',
    url: '/v1/tables/:table_id/clone',
    handle: (core, call) => {
      const { schema_only } = checked(requests.cloneQuery, call.query, 'query');
      const request = { tableId: tableId(call), schemaOnly: schema_only };
      return { body: tableHeader(core.state, core.execute('cloneTable', request)) };
    },
  },
  {
    method: 'POST',
    url: '/v1/tables/:table_id/run',
    handle: (core, call) => {
      const request = checked(requests.runTable, call.body(), 'body');
      const run = core.execute('startRun', { tableId: tableId(call), ...request });
      if (core.state.extruct.requestedTold) return { body: run };
      const { num_requested_cells: _omitted, ...rest } = run;
      return { body: rest };
    },
  },
  {
    method: 'GET',
    url: '/v1/tables/:table_id/data',
    handle: (core, call) => {
      const { offset, limit } = checked(requests.dataQuery, call.query, 'query');
      const { pageLimit, dataType } = core.state.extruct;
      if (limit > pageLimit) {
        const msg = `Input should be less than or equal to ${pageLimit}`;
        throw invalid(['query', 'limit'], msg, 'less_than_equal');
      }
      return {
        body: core.read((state) => tableData(state, tableOf(state, tableId(call)), offset, limit)),
        headers: { 'content-type': dataType },
      };
    },
  },
];

const rows: Route[] = [
  {
    method: 'POST',
    url: '/v1/tables/:table_id/rows',
    handle: (core, call) => {
      const request = checked(requests.createRows, call.body(), 'body');
      const merged =
        core.state.extruct.sameRows === 'merged' ? onceEach(request.rows) : request.rows;
      const args = { ...request, tableId: tableId(call), rows: merged };
      return rowsAnswer(core, core.execute('createRows', args));
    },
  },
  {
    method: 'PATCH',
    url: '/v1/tables/:table_id/rows',
    handle: (core, call) => {
      const request = checked(requests.patchRows, call.body(), 'body');
      return rowsAnswer(core, core.execute('writeRows', { tableId: tableId(call), ...request }));
    },
  },
  {
    method: 'DELETE',
    url: '/v1/tables/:table_id/rows',
    handle: (core, call) => {
      const request = checked(requests.deleteRows, call.body(), 'body');
      const deleted = core.execute('deleteRows', { tableId: tableId(call), ...request });
      return deletedAnswer(core, deleted);
    },
  },
  {
    method: 'GET',
    url: '/v1/tables/:table_id/rows/:row_id',
    handle: (core, call) => ({
      body: core.read((state) => {
        const table = tableOf(state, tableId(call));
        const slot = table.slotOf(call.params['row_id'] ?? '');
        if (slot === null) throw notFound('Row');
        return rowWithStatus(state, table, slot);
      }),
    }),
  },
];

const columns: Route[] = [
  {
    method: 'POST',
    url: '/v1/tables/:table_id/columns',
    handle: (core, call) => {
      const { column_configs, insert_after } = checked(requests.createColumns, call.body(), 'body');
      const made = core.execute('createColumns', {
        tableId: tableId(call),
        configs: column_configs,
        insertAfter: insert_after,
      });
      return { body: made.map(columnOutput) };
    },
  },
  {
    method: 'PATCH',
    url: '/v1/tables/:table_id/columns/:column_id',
    handle: (core, call) => {
      const config = checked(columnConfig, call.body(), 'body');
      const request = { tableId: tableId(call), columnId: columnId(call), config };
      return { body: columnOutput(core.execute('replaceColumn', request)) };
    },
  },
  {
    method: 'DELETE',
    url: '/v1/tables/:table_id/columns/:column_id',
    handle: (core, call) => {
      const request = { tableId: tableId(call), columnId: columnId(call) };
      return { body: columnOutput(core.execute('deleteColumn', request)) };
    },
  },
];

/** The API as documented. */
export const extructRoutes: readonly Route[] = [...account, ...tables, ...rows, ...columns];

import type { Core } from '../core.ts';
import { listTables } from './listing.ts';
import { notFound } from '../problem.ts';
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
import type { Answer, Call, Route } from '../route.ts';
import { columnConfig } from '../configs.ts';
import { checked } from '../validation.ts';
import type { RowsDone } from './rows.ts';
import { tableOf } from '../world.ts';

const ORGANIZATION = {
  organization_id: '5a4db000-0000-4000-8000-000000000002',
  organization_name: 'Sandbox',
  organization_slug: 'sandbox',
  organization_is_active: true,
};

const tableId = ({ params }: Call): string => params['table_id'] ?? '';
const columnId = ({ params }: Call): string => params['column_id'] ?? '';

const rowsAnswer = (core: Core, { table, slots }: RowsDone): Answer => ({
  body: slots.map((slot) => rowOutput(core.world, table, slot)),
});

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
        available_credits: core.read(({ credits }) => credits),
        ...ORGANIZATION,
      },
    }),
  },
  {
    method: 'GET',
    url: '/v1/billing',
    handle: () => ({
      body: {
        user: ORGANIZATION,
        subscription: { requires_subscription: false, plan_tier: 'pro' },
      },
    }),
  },
];

const tables: Route[] = [
  {
    method: 'POST',
    url: '/v1/tables',
    handle: (core, call) => {
      const { column_configs, ...wish } = checked(requests.createTable, call.body(), 'body');
      const table = core.execute('createTable', { ...wish, configs: column_configs ?? [] });
      return { body: tableHeader(table) };
    },
  },
  {
    method: 'GET',
    url: '/v1/tables',
    handle: (core, { query }) => {
      const wish = checked(requests.listQuery, query, 'query');
      const listing = core.read((world) => listTables(world, wish));
      return { body: listing.tables.map(tableListItem), headers: listing.headers };
    },
  },
  {
    method: 'GET',
    url: '/v1/tables/:table_id',
    handle: (core, call) => ({
      body: core.read((world) => tableWithStatus(world, tableOf(world, tableId(call)))),
    }),
  },
  {
    method: 'PATCH',
    url: '/v1/tables/:table_id',
    handle: (core, call) => {
      const { columns_order, ...change } = checked(requests.patchTable, call.body(), 'body');
      const wish = { tableId: tableId(call), columnsOrder: columns_order, ...change };
      return { body: tableHeader(core.execute('changeTable', wish)) };
    },
  },
  {
    method: 'DELETE',
    url: '/v1/tables/:table_id',
    handle: (core, call) => ({
      body: tableHeader(core.execute('deleteTable', { tableId: tableId(call) })),
    }),
  },
  {
    method: 'POST',
    url: '/v1/tables/:table_id/clone',
    handle: (core, call) => {
      const { schema_only } = checked(requests.cloneQuery, call.query, 'query');
      const wish = { tableId: tableId(call), schemaOnly: schema_only };
      return { body: tableHeader(core.execute('cloneTable', wish)) };
    },
  },
  {
    method: 'POST',
    url: '/v1/tables/:table_id/run',
    handle: (core, call) => {
      const wish = checked(requests.runTable, call.body(), 'body');
      return { body: core.execute('startRun', { tableId: tableId(call), ...wish }) };
    },
  },
  {
    method: 'GET',
    url: '/v1/tables/:table_id/data',
    handle: (core, call) => {
      const { offset, limit } = checked(requests.dataQuery, call.query, 'query');
      return {
        body: core.read((world) => tableData(world, tableOf(world, tableId(call)), offset, limit)),
      };
    },
  },
];

const rows: Route[] = [
  {
    method: 'POST',
    url: '/v1/tables/:table_id/rows',
    handle: (core, call) => {
      const wish = checked(requests.createRows, call.body(), 'body');
      return rowsAnswer(core, core.execute('createRows', { tableId: tableId(call), ...wish }));
    },
  },
  {
    method: 'PATCH',
    url: '/v1/tables/:table_id/rows',
    handle: (core, call) => {
      const wish = checked(requests.patchRows, call.body(), 'body');
      return rowsAnswer(core, core.execute('writeRows', { tableId: tableId(call), ...wish }));
    },
  },
  {
    method: 'DELETE',
    url: '/v1/tables/:table_id/rows',
    handle: (core, call) => {
      const wish = checked(requests.deleteRows, call.body(), 'body');
      return { body: core.execute('deleteRows', { tableId: tableId(call), ...wish }) };
    },
  },
  {
    method: 'GET',
    url: '/v1/tables/:table_id/rows/:row_id',
    handle: (core, call) => ({
      body: core.read((world) => {
        const table = tableOf(world, tableId(call));
        const slot = table.slotOf(call.params['row_id'] ?? '');
        if (slot === null) throw notFound('Row');
        return rowWithStatus(world, table, slot);
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
      const wish = { tableId: tableId(call), columnId: columnId(call), config };
      return { body: columnOutput(core.execute('replaceColumn', wish)) };
    },
  },
  {
    method: 'DELETE',
    url: '/v1/tables/:table_id/columns/:column_id',
    handle: (core, call) => {
      const wish = { tableId: tableId(call), columnId: columnId(call) };
      return { body: columnOutput(core.execute('deleteColumn', wish)) };
    },
  },
];

/** The API as documented. */
export const extructRoutes: readonly Route[] = [...account, ...tables, ...rows, ...columns];

import type { Asked, Dialect } from '../faults/dialect.ts';
import { rowOutput, tableStatus } from './render.ts';
import type { Table } from '../table.ts';
import type { World } from '../world.ts';

const TABLE = '/v1/tables/{id}';
const DATA = '/v1/tables/:table_id/data';

const tableIn = (world: World, { params }: Asked): Table | undefined =>
  world.tables.get(params['table_id'] ?? '');

/** The table API under /v1, as faults see it. */
export const extructDialect: Dialect = {
  requests: {
    'read-account': ['GET /v1/user'],
    'find-tables': ['GET /v1/tables'],
    'create-table': ['POST /v1/tables'],
    'create-sheet': [],
    'create-column': [`POST ${TABLE}/columns`],
    'delete-table': [`DELETE ${TABLE}`],
    'add-rows': [`POST ${TABLE}/rows`],
    'delete-rows': [`DELETE ${TABLE}/rows`],
    'start-run': [`POST ${TABLE}/run`],
    'cancel-run': [],
    'read-status': [`GET ${TABLE}`],
    'read-rows': [`GET ${TABLE}/data`],
  },
  words: { values: ['status', 'run_status'], keys: [] },
  marks: ['metadata'],
  prose: ['explanation', 'short_description', 'description'],

  refusal: ({ detail }) => ({ detail }),

  tables(world, asked) {
    const table = tableIn(world, asked);
    return table === undefined ? null : [table];
  },

  page(world, asked) {
    const table = tableIn(world, asked);
    if (table === undefined || asked.route !== DATA) return null;
    const { searchParams } = new URL(asked.url, 'http://sandbox');
    const from = Number(searchParams.get('offset') ?? 0);
    const limit = Number(searchParams.get('limit') ?? 50);
    return {
      field: 'rows',
      from,
      limit,
      places: table.live.slice(from, from + limit).map((_slot, at) => from + at),
      rowsFrom: (from, limit) =>
        table.live.slice(from, from + limit).map((slot) => rowOutput(world, table, slot)),
    };
  },

  statuses(world, asked) {
    const table = tableIn(world, asked);
    return new Map(table === undefined ? [] : [[table.id, { ...tableStatus(world, table) }]]);
  },

  statusIn: ({ params }) => ({
    id: params['table_id'] ?? '',
    under: 'status',
    cells: ['num_cells_completed', 'num_cells_in_progress', 'run_status'],
  }),
};

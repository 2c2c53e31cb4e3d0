import type { MatchedRequest, FaultAdapter } from '../faults/adapter.ts';
import { rowOutput, tableStatus } from './render.ts';
import type { Table } from '../engine/table.ts';
import type { SandboxState } from '../engine/state.ts';

const TABLE = '/v1/tables/{id}';
const DATA = '/v1/tables/:table_id/data';

const tableIn = (state: SandboxState, { params }: MatchedRequest): Table | undefined =>
  state.tables.get(params['table_id'] ?? '');

/** The table API under /v1, as faults see it. */
export const extructFaultAdapter: FaultAdapter = {
  requests: {
    'read-account': ['GET /v1/user'],
    'find-tables': ['GET /v1/tables'],
    'create-table': ['POST /v1/tables'],
    'create-sheet': [],
    'create-column': [`POST ${TABLE}/columns`],
    'update-column': [`PATCH ${TABLE}/columns/{id}`],
    'delete-column': [`DELETE ${TABLE}/columns/{id}`],
    'delete-table': [`DELETE ${TABLE}`],
    'add-rows': [`POST ${TABLE}/rows`],
    'update-rows': [`PATCH ${TABLE}/rows`],
    'delete-rows': [`DELETE ${TABLE}/rows`],
    'start-run': [`POST ${TABLE}/run`],
    'cancel-run': [],
    'read-status': [`GET ${TABLE}`],
    'read-rows': [`GET ${TABLE}/data`],
  },
  vocabulary: { values: ['status', 'run_status'], keys: [] },
  marks: ['metadata'],
  prose: ['explanation', 'short_description', 'description'],

  refusal: ({ detail }) => ({ detail }),

  tables(state, asked) {
    const table = tableIn(state, asked);
    return table === undefined ? null : [table];
  },

  page(state, asked) {
    const table = tableIn(state, asked);
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
        table.live.slice(from, from + limit).map((slot) => rowOutput(state, table, slot)),
    };
  },

  statuses(state, asked) {
    const table = tableIn(state, asked);
    return new Map(table === undefined ? [] : [[table.id, { ...tableStatus(state, table) }]]);
  },

  statusIn: ({ params }) => ({
    id: params['table_id'] ?? '',
    under: 'status',
    cells: ['num_cells_completed', 'num_cells_in_progress', 'run_status'],
  }),
};

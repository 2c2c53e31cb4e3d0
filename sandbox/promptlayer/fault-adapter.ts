import type { MatchedRequest, FaultAdapter } from '../faults/adapter.ts';
import type { JsonObject } from '../json.ts';
import { checked } from '../http/validation.ts';
import type { SandboxState } from '../engine/state.ts';
import type { Problem } from '../http/problem.ts';
import { rowsAsked } from './lists.ts';
import { operationOutput, rowOutput, sheetStatus } from './render.ts';
import * as requests from './requests.ts';
import type { Sheet } from './state.ts';

const TABLES = '/api/public/v2/tables';
const SHEETS = `${TABLES}/{id}/sheets`;
const SHEET = `${SHEETS}/{id}`;

/** The sheet that the path names, or every sheet of its table. */
function sheetsIn({ promptLayer }: SandboxState, { params }: MatchedRequest): Sheet[] {
  const sheets = promptLayer.books.get(params['table_id'] ?? '')?.sheets ?? [];
  const sheetId = params['sheet_id'];
  return sheetId === undefined ? sheets : sheets.filter(({ id }) => id === sheetId);
}

/** Tables with sheets, as faults see them. */
export const promptLayerFaultAdapter: FaultAdapter = {
  requests: {
    // There is no account to read: the list of tables shows whether a key is accepted.
    'read-account': [`GET ${TABLES}`],
    'find-tables': [`GET ${TABLES}`],
    'create-table': [`POST ${TABLES}`],
    'create-sheet': [`POST ${SHEETS}`],
    'create-column': [`POST ${SHEET}/columns`, `PATCH ${SHEET}/columns/{id}`],
    'update-column': [`PATCH ${SHEET}/columns/{id}`],
    'delete-column': [`DELETE ${SHEET}/columns/{id}`],
    'delete-table': [`DELETE ${TABLES}/{id}`],
    'add-rows': [`POST ${SHEET}/rows`],
    'update-rows': [`PATCH ${SHEET}/cells/{id}`],
    'delete-rows': [`DELETE ${SHEET}/rows`],
    'start-run': [
      `POST ${SHEET}/operations`,
      `POST ${SHEET}/cells/recalculations`,
      `POST ${SHEET}/cells/{id}/recalculations`,
    ],
    'cancel-run': [`DELETE ${SHEET}/operations/{id}`],
    'read-status': [`GET ${SHEET}/operations`, `GET ${SHEET}/operations/{id}`],
    'read-rows': [`GET ${SHEET}/rows`],
  },
  vocabulary: { values: ['status'], keys: ['status_counts'] },
  // A text cell is all that a row can be known by.
  marks: ['value', 'display_value'],
  prose: ['error_message'],
  refusal,

  tables(state, asked) {
    const sheets = sheetsIn(state, asked);
    return sheets.length === 0 ? null : sheets.map(({ table }) => table);
  },

  page(state, asked) {
    const [sheet] = sheetsIn(state, asked);
    if (sheet === undefined || !asked.route.endsWith('/:sheet_id/rows')) return null;
    const { searchParams } = new URL(asked.url, 'http://sandbox');
    const query = checked(requests.rows, Object.fromEntries(searchParams), 'query');
    const { places, from } = rowsAsked(sheet, query);
    return {
      field: 'data',
      from,
      limit: query.limit,
      places: places.slice(from, from + query.limit),
      rowsFrom: (first, limit) =>
        places.slice(first, first + limit).map((place) => rowOutput(state, sheet, place)),
    };
  },

  statuses(state, asked) {
    const sheets = sheetsIn(state, asked);
    const operations = [...state.promptLayer.operations.values()];
    return new Map<string, JsonObject>([
      ...sheets.map((sheet) => [sheet.id, sheetStatus(state, sheet)] as const),
      ...operations
        .filter(({ sheet }) => sheets.includes(sheet))
        .map((operation) => [operation.id, operationOutput(operation)] as const),
    ]);
  },

  statusIn({ route, method, params }) {
    if (method !== 'GET' || !route.includes('/operations')) return null;
    const cells = ['status_counts', 'pending_count'];
    const operationId = params['operation_id'];
    return operationId === undefined
      ? { id: params['sheet_id'] ?? '', under: null, cells: [...cells, 'active_operations'] }
      : {
          id: operationId,
          under: 'operation',
          cells: [...cells, 'status', 'completed_count', 'failed_count'],
        };
  },
};

const WORDS: Record<number, string> = {
  400: 'bad_request',
  401: 'unauthorized',
  403: 'forbidden',
  404: 'not_found',
  429: 'too_many_requests',
};

/** Formats an error of the API, or FastAPI's shape for a schema violation. */
function refusal({ status, detail }: Problem): object {
  if (Array.isArray(detail)) return { detail };
  const said = typeof detail === 'string' ? detail : detail['message'];
  const message = typeof said === 'string' ? said : 'Error';
  const error = typeof detail === 'string' ? null : detail['error'];
  return { success: false, message, error: error ?? WORDS[status] ?? message };
}

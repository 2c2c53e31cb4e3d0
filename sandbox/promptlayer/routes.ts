import type { SandboxCore } from '../engine/core.ts';
import type { SandboxState } from '../engine/state.ts';
import type { Answer, Call, Route } from '../http/route.ts';
import { invalid, Problem } from '../http/problem.ts';
import { checked } from '../http/validation.ts';
import { listBooks, listColumns, listRows, listSheets } from './lists.ts';
import type { Started } from './operations.ts';
import * as render from './render.ts';
import * as requests from './requests.ts';
import { bookOf, gone, refused, sheetOf } from './find.ts';
import { cellIn, type CellPlace, type CellsRequest } from './sheet-cells.ts';
import { indexAt, versionOf, type Operation, type PromptLayerState, type Sheet } from './state.ts';

const TABLES = '/api/public/v2/tables';
const TABLE = `${TABLES}/:table_id`;
const SHEETS = `${TABLE}/sheets`;
const SHEET = `${SHEETS}/:sheet_id`;

/** Returns the ids in the path: tables contain sheets. */
const place = ({ params }: Call) => ({
  bookId: params['table_id'] ?? '',
  sheetId: params['sheet_id'] ?? '',
});

const columnId = ({ params }: Call): string => params['column_id'] ?? '';
const cellId = ({ params }: Call): string => params['cell_id'] ?? '';

const created = (body: object): Answer => ({ status: 201, body: { success: true, ...body } });

const route = (
  method: Route['method'],
  url: string,
  handle: (core: SandboxCore, call: Call) => Answer,
): Route => ({ method, url, handle });

const tables: Route[] = [
  route('POST', TABLES, (core, call) => {
    const request = checked(requests.createTable, call.body(), 'body');
    const { defaultSheet } = core.state.promptLayer.options;
    if (defaultSheet === 'only with' && !request.create_default_sheet) {
      throw refused('create_default_sheet must be true');
    }
    const book = core.execute('createBook', {
      title: request.title,
      folderId: request.folder_id,
      defaultSheet: request.create_default_sheet || defaultSheet === 'always',
    });
    const [sheet] = book.sheets;
    return created({
      table: render.bookDetail(book),
      ...(sheet === undefined ? {} : { default_sheet: render.sheetOutput(sheet) }),
    });
  }),
  route('GET', TABLES, (core, { query }) => {
    const request = checked(requests.list, query, 'query');
    return { body: core.read((state) => listBooks(state, request)) };
  }),
  route('GET', TABLE, (core, call) => {
    const book = core.read((state) => bookOf(state, place(call).bookId));
    return { body: { success: true, table: render.bookDetail(book) } };
  }),
  route('DELETE', TABLE, (core, call) => {
    core.execute('deleteBook', place(call));
    const { deleteReply } = core.state.promptLayer.options;
    const body = { success: true, message: 'Table deleted' };
    return { body: deleteReply === 'empty' ? undefined : body };
  }),
];

const sheets: Route[] = [
  route('GET', SHEETS, (core, call) => {
    const request = checked(requests.list, call.query, 'query');
    return { body: core.read((state) => listSheets(state, place(call).bookId, request)) };
  }),
  route('POST', SHEETS, (core, call) => {
    const { title } = checked(requests.createSheet, call.body() ?? {}, 'body');
    if (core.state.promptLayer.options.moreSheets === 'refused') throw refused('Missing source');
    const sheet = core.execute('createSheet', { bookId: place(call).bookId, title });
    return created({ sheet: render.sheetOutput(sheet) });
  }),
  route('GET', SHEET, (core, call) => {
    const { bookId, sheetId } = place(call);
    const sheet = core.read((state) => render.sheetOutput(sheetOf(state, bookId, sheetId)));
    return { body: { success: true, sheet } };
  }),
];

const columns: Route[] = [
  route('GET', `${SHEET}/columns`, (core, call) => {
    const { bookId, sheetId } = place(call);
    const request = checked(requests.list, call.query, 'query');
    return { body: core.read((state) => listColumns(state, bookId, sheetId, request)) };
  }),
  route('POST', `${SHEET}/columns`, (core, call) => {
    const request = checked(requests.createColumn, call.body(), 'body');
    const { bookId, sheetId } = place(call);
    const made = core.execute('createColumn', {
      bookId,
      sheetId,
      title: request.title,
      type: request.type,
      config: request.config ?? {},
      dependencies: (request.dependencies ?? []).map(({ column_id: id }) => id),
    });
    const sheet = sheetOf(core.state, bookId, sheetId);
    const column = render.columnOutput(sheet, made);
    return created({ column, cells: [], version: versionOf(sheet) });
  }),
  route('PATCH', `${SHEET}/columns/:column_id`, (core, call) => {
    const request = checked(requests.updateColumn, call.body(), 'body');
    const { bookId, sheetId } = place(call);
    const { column, affected } = core.execute('updateColumn', {
      bookId,
      sheetId,
      columnId: columnId(call),
      title: request.title,
      config: request.config,
      dependencies: request.dependencies?.map(({ column_id: id }) => id),
    });
    const sheet = sheetOf(core.state, bookId, sheetId);
    return {
      body: {
        success: true,
        column: render.columnOutput(sheet, column),
        requires_recalculation: affected.length > 0,
        affected_column_ids: affected.map(({ id }) => id),
        version: versionOf(sheet),
      },
    };
  }),
  route('DELETE', `${SHEET}/columns/:column_id`, (core, call) => {
    const request = { ...place(call), columnId: columnId(call) };
    const { sheet, stale } = core.execute('dropColumn', request);
    return { body: { success: true, stale_count: stale, version: versionOf(sheet) } };
  }),
];

const cells: Route[] = [
  route('GET', `${SHEET}/cells/:cell_id`, (core, call) => ({
    body: core.read((state) => {
      const { bookId, sheetId } = place(call);
      const sheet = sheetOf(state, bookId, sheetId);
      const cell = shownCell(state, sheet, cellIn(state, sheet, cellId(call)));
      return { success: true, cell, version: versionOf(sheet) };
    }),
  })),
  route('PATCH', `${SHEET}/cells/:cell_id`, (core, call) => {
    const { display_value: shown, value } = checked(requests.updateCell, call.body(), 'body');
    const request = { ...place(call), cellId: cellId(call), value: value ?? shown ?? null };
    const { sheet, place: at, stale } = core.execute('updateCell', request);
    const cell = shownCell(core.state, sheet, at);
    return { body: { success: true, cell, version: versionOf(sheet), stale_count: stale } };
  }),
  route('POST', `${SHEET}/cells/recalculations`, (core, call) => {
    const request = checked(requests.recalculateCells, call.body(), 'body');
    return recalculated(core, {
      ...place(call),
      cellIds: request.cell_ids,
      columnIds: request.column_ids,
      rows: request.row_indices,
    });
  }),
  route('POST', `${SHEET}/cells/:cell_id/recalculations`, (core, call) =>
    recalculated(core, { ...place(call), cellIds: [cellId(call)], columnIds: null, rows: null }),
  ),
];

const shownCell = (state: SandboxState, sheet: Sheet, { column, slot }: CellPlace) =>
  render.cellOutput(state, sheet, column, sheet.table.live.indexOf(slot));

/** 200 if there is nothing to do. */
function recalculated(core: SandboxCore, request: CellsRequest): Answer {
  const { sheet, selected, operation } = core.execute('recalculateCells', request);
  const body = {
    success: true,
    execution_id: operation?.id ?? null,
    cell_count: operation?.cells.length ?? 0,
    selected_cell_count: selected,
    version: versionOf(sheet),
  };
  return operation === null ? { body } : { status: 202, body };
}

const rows: Route[] = [
  route('GET', `${SHEET}/rows`, (core, call) => {
    const { bookId, sheetId } = place(call);
    const request = checked(requests.rows, call.query, 'query');
    const { pageLimit } = core.state.promptLayer.options;
    if (request.limit > pageLimit) {
      const msg = `Input should be less than or equal to ${pageLimit}`;
      throw invalid(['query', 'limit'], msg, 'less_than_equal');
    }
    return { body: core.read((state) => listRows(state, bookId, sheetId, request)) };
  }),
  route('POST', `${SHEET}/rows`, (core, call) => {
    const request = checked(requests.addRows, call.body() ?? {}, 'body');
    const { sheet, first, count } = core.execute('appendRows', {
      ...place(call),
      count: request.count,
      values: request.values ?? [],
    });
    const places = Array.from({ length: count }, (_, at) => first + at);
    return created({
      rows_created: count,
      start_row_index: indexAt(core.state.promptLayer, sheet, first),
      row_indices: places.map((at) => indexAt(core.state.promptLayer, sheet, at)),
      rows: places.map((at) => render.rowOutput(core.state, sheet, at)),
      cell_count: count * sheet.columns.length,
      row_count: sheet.table.live.length,
      version: versionOf(sheet),
    });
  }),
  route('DELETE', `${SHEET}/rows`, (core, call) => {
    const { row_indices: indices } = checked(requests.deleteRows, call.body(), 'body');
    const { rowDeletes } = core.state.promptLayer.options;
    if (rowDeletes === 'refused') throw new Problem(405, 'Method Not Allowed');
    const wanted = rowDeletes === 'without effect' ? [] : indices;
    const { sheet, deleted } = core.execute('dropRows', { ...place(call), indices: wanted });
    return { body: { success: true, rows_deleted: deleted, version: versionOf(sheet) } };
  }),
];

const operations: Route[] = [
  route('POST', `${SHEET}/operations`, (core, call) => {
    const request = checked(requests.createOperation, call.body() ?? {}, 'body');
    const started = core.execute('startOperation', {
      ...place(call),
      columnIds: request.column_ids,
      rows: request.row_ids,
      statuses: request.statuses ?? ['STALE'],
      token: request.confirmation_token,
    });
    return answerTo(core.state.promptLayer, started);
  }),
  route('GET', `${SHEET}/operations`, (core, call) => {
    const { bookId, sheetId } = place(call);
    return {
      body: core.read((state) => render.sheetStatus(state, sheetOf(state, bookId, sheetId))),
    };
  }),
  route('GET', `${SHEET}/operations/:operation_id`, (core, call) => {
    const { sheetId } = place(call);
    const operation = core.read(({ promptLayer }) =>
      promptLayer.operations.get(call.params['operation_id'] ?? ''),
    );
    if (operation?.sheet.id !== sheetId || isForgotten(core.state.promptLayer, operation)) {
      throw gone('Table, sheet, or operation');
    }
    return { body: { success: true, operation: render.operationOutput(operation) } };
  }),
  route('DELETE', `${SHEET}/operations/:operation_id`, (core, call) => {
    const operationId = call.params['operation_id'] ?? '';
    const { waiting, running } = core.execute('cancelOperation', { ...place(call), operationId });
    const cells = waiting + running;
    return {
      body: {
        success: true,
        message: cells > 0 ? 'Operation cancelled' : 'Nothing was active',
        operation_id: operationId,
        execution_ids: cells > 0 ? [operationId] : [],
        cancelled_cell_count: cells,
        not_started_reset_count: waiting,
        running_invalidated_count: running,
      },
    };
  }),
];

const isForgotten = ({ options }: PromptLayerState, operation: Operation): boolean =>
  !options.operationsKept && render.operationOutput(operation).pending_count === 0;

function answerTo({ options }: PromptLayerState, started: Started): Answer {
  switch (started.end) {
    case 'nothing to do':
      return { body: { success: true, cell_count: 0, virtual_cell_count: 0, cells: [] } };
    case 'confirm':
      return {
        body: {
          success: false,
          requires_confirmation: true,
          confirmation_token: started.token,
          affected_cell_count: started.cells,
          message: `This operation affects ${started.cells} cells`,
        },
      };
    case 'queued': {
      const ids = started.operations.map(({ id }) => id);
      const [first = ''] = ids;
      return {
        status: 202,
        body: {
          success: true,
          operation: 'recalculate',
          execution_id: first,
          operation_id: options.operationId === 'other' ? `operation-${first}` : first,
          execution_ids: ids,
          cell_count: started.cells,
          cells: [],
          virtual_cell_count: started.virtual,
          version: versionOf(started.sheet),
          status_url: render.statusUrl(started.sheet, first),
        },
      };
    }
  }
}

export const promptLayerRoutes: Route[] = [
  ...tables,
  ...sheets,
  ...columns,
  ...cells,
  ...rows,
  ...operations,
];

import { CREATED } from '../engine/cells.ts';
import { IdSeries } from '../engine/ids.ts';
import type { JsonObject } from '../json.ts';
import type { Column, Table } from '../engine/table.ts';
import type { PromptLayerOptions } from './options.ts';

/** Config of a sheet's column; its cells are those of the engine's column. */
export interface SheetColumn {
  column: Column;
  title: string;
  type: string;
  config: JsonObject;
  /** Ids of the columns that it reads. */
  dependencies: string[];
}

/** A sheet is one of the engine's tables; rows are known by their place in it. */
export interface Sheet {
  id: string;
  table: Table;
  book: Workbook;
  title: string;
  columns: SheetColumn[];
  /** Changes that are not those of a cell in progress. */
  edits: number;
}

/** Table of the API, which contains sheets. */
export interface Workbook {
  id: string;
  title: string;
  folderId: number | null;
  createdAtMs: number;
  sheets: Sheet[];
}

/** Execution of a recalculation. */
export interface Operation {
  id: string;
  sheet: Sheet;
  cells: readonly { column: Column; slot: number }[];
  cancelled: boolean;
}

/** Confirmation for one operation of this scope, while its number of cells stays the same. */
export interface Question {
  scope: string;
  cells: number;
  askedAtMs: number;
}

export interface PromptLayerState {
  /** Tables by id, without deleted ones. */
  readonly books: Map<string, Workbook>;
  readonly operations: Map<string, Operation>;
  readonly bookIds: IdSeries;
  readonly operationIds: IdSeries;
  /** Confirmation tokens that wait for their yes, by the word. */
  readonly questions: Map<string, Question>;
  questionsAsked: number;
  booksMade: number;
  operationsMade: number;
  readonly options: Required<PromptLayerOptions>;
}

export const promptLayerState = (
  nonce: number,
  options: PromptLayerOptions = {},
): PromptLayerState => ({
  books: new Map(),
  operations: new Map(),
  bookIds: new IdSeries(nonce, 'book', 0),
  operationIds: new IdSeries(nonce, 'operation', 0),
  questions: new Map(),
  questionsAsked: 0,
  booksMade: 0,
  operationsMade: 0,
  options: {
    confirmAbove: 1_000,
    confirmAlso: 0,
    tokenLastsMs: 600_000,
    tokenOver: 'question',
    cellsPerExecution: 2_000,
    cursorIn: 'pagination',
    neverComputed: 'stale',
    nameFilter: 'contains',
    defaultSheet: 'as asked',
    moreSheets: 'made',
    blankSheet: 'column and row',
    startsItself: 'none',
    indices: 'dense',
    rowDeletes: 'taken',
    operationId: 'execution',
    operationsKept: true,
    pageLimit: 100,
    deleteReply: 'message',
    changedColumns: 'kept',
    rowScope: 'those rows',
    rowWords: 'lower',
    values: 'plain',
    ...options,
  },
});

/** Checks for a cell of such a sheet that no count includes before it is requested. */
export const isVirtual = (
  { options }: PromptLayerState,
  { cells }: Column,
  slot: number,
): boolean =>
  options.neverComputed === 'virtual' &&
  cells.statusAt(slot) === CREATED &&
  (cells.starts[slot] ?? 0) === 0;

/** Behind the first row that a sheet had. */
const GAP = 4;
/** Numbers before the first row, and from each row to the next. */
const SCATTERED = { first: 7, step: 3 } as const;

/** Returns the index of the row at a position: the position, or a number of its own. */
export function indexAt({ options }: PromptLayerState, { table }: Sheet, place: number): number {
  const slot = table.live[place] ?? -1;
  switch (options.indices) {
    case 'dense':
      return place;
    case 'sparse':
      return slot > 0 ? slot + GAP : slot;
    case 'scattered':
      return SCATTERED.first + SCATTERED.step * slot;
  }
}

/** The row of an index; `undefined` where there is none. */
export function slotAt(
  { options }: PromptLayerState,
  { table }: Sheet,
  index: number,
): number | undefined {
  if (options.indices === 'dense') return table.live[index];
  const behind = index > GAP ? index - GAP : -1;
  const slot =
    options.indices === 'scattered'
      ? (index - SCATTERED.first) / SCATTERED.step
      : index === 0
        ? 0
        : behind;
  return (table.data[slot] ?? null) === null ? undefined : slot;
}

/** Changes with the sheet's data, layout, and what its cells come out with. */
export function versionOf({ edits, table: { account } }: Sheet): number {
  return 1 + edits + account.cellsStarted + account.cellsDone + account.cellsFailed;
}

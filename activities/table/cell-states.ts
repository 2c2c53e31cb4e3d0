import type { CellOutcome } from '../../src/contract/results.ts';
import type { CellStatus } from '../../src/contract/table.ts';
import { RowmillError } from '../../src/errors.ts';

/** State of a cell as of a table scan: its status, and the time of its last failure or answer. */
export interface CellState {
  status: CellOutcome | CellStatus;
  /** Left out: the provider gives none. */
  at?: string;
}

const STATUSES = ['none', 'pending', 'failed', 'done', 'running', 'unknown', 'empty', 'blocked'];

const FIRST_ROWS = 64;

/**
 * States of many cells by row and column, for comparison with later ones. Takes nine bytes a cell of
 * each row that has one, and one text a row.
 */
export class CellStates {
  readonly #columns: ReadonlyMap<string, number>;
  readonly #rows = new Map<string, number>();
  #statuses: Uint8Array;
  #stamps: Float64Array;
  #size = 0;

  /** @param columns Keys of all columns that the cells may have */
  constructor(columns: readonly string[]) {
    this.#columns = new Map(columns.map((key, at) => [key, at]));
    this.#statuses = new Uint8Array(FIRST_ROWS * columns.length);
    this.#stamps = new Float64Array(FIRST_ROWS * columns.length);
  }

  /** Number of cells. */
  get size(): number {
    return this.#size;
  }

  set(rowId: string, column: string, { status, at }: CellState): void {
    const place = this.#placeToSet(rowId, column);
    if (this.#statuses[place] === NONE) this.#size += 1;
    this.#statuses[place] = STATUSES.indexOf(status);
    this.#stamps[place] = stampOf(at);
  }

  has(rowId: string, column: string): boolean {
    return this.#placeOf(rowId, column) !== null;
  }

  /** Checks whether a cell has this status; `false` for a cell that is not kept. */
  hasStatus(rowId: string, column: string, status: CellState['status']): boolean {
    const place = this.#placeOf(rowId, column);
    return place !== null && this.#statuses[place] === STATUSES.indexOf(status);
  }

  /** Checks whether a cell has this time; `false` for a cell that is not kept. */
  hasTime(rowId: string, column: string, at: string | undefined): boolean {
    const place = this.#placeOf(rowId, column);
    return place !== null && this.#stamps[place] === stampOf(at);
  }

  delete(rowId: string, column: string): void {
    const place = this.#placeOf(rowId, column);
    if (place === null) return;
    this.#statuses[place] = NONE;
    this.#size -= 1;
  }

  #placeOf(rowId: string, column: string): number | null {
    const row = this.#rows.get(rowId);
    const at = this.#columns.get(column);
    if (row === undefined || at === undefined) return null;
    const place = row * this.#columns.size + at;
    return this.#statuses[place] === NONE ? null : place;
  }

  /** @throws RowmillError `internal` for a column that the table does not have */
  #placeToSet(rowId: string, column: string): number {
    const at = this.#columns.get(column);
    if (at === undefined) throw new RowmillError('internal', `the table has no column ${column}`);
    let row = this.#rows.get(rowId);
    if (row === undefined) {
      row = this.#rows.size;
      this.#rows.set(rowId, row);
      if (this.#rows.size * this.#columns.size > this.#statuses.length) this.#grow();
    }
    return row * this.#columns.size + at;
  }

  #grow(): void {
    const [statuses, stamps] = [this.#statuses, this.#stamps];
    this.#statuses = new Uint8Array(2 * statuses.length);
    this.#stamps = new Float64Array(2 * stamps.length);
    this.#statuses.set(statuses);
    this.#stamps.set(stamps);
  }
}

const NONE = 0;

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/** Number by which two times are compared: of a text that is no time, a digest. */
function stampOf(at = ''): number {
  if (at === '') return 0;
  const ms = Date.parse(at);
  if (!Number.isNaN(ms)) return ms;
  let digest = FNV_OFFSET;
  for (let index = 0; index < at.length; index += 1) {
    digest = Math.imul(digest ^ at.charCodeAt(index), FNV_PRIME);
  }
  return digest;
}

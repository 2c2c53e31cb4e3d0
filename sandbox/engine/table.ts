import type { JsonObject } from '../json.ts';
import { bump, Cells, CREATED, DONE, FAILED, IN_PROGRESS, REQUESTED } from './cells.ts';
import { type ColumnConfig, type TableKind, isSystem } from './column-config.ts';
import { dependencies, inOrder } from './dependencies.ts';
import { IdSeries } from './ids.ts';
import type { TableAccount } from './ledger.ts';
import type { TableTerms } from './terms.ts';

/** First in, first out, of numbers: 100,000 waiting cells are one array, and taking one is cheap. */
class Queue {
  #items: number[] = [];
  #head = 0;

  get size(): number {
    return this.#items.length - this.#head;
  }

  push(item: number): void {
    this.#items.push(item);
  }

  peek(): number | undefined {
    return this.#items[this.#head];
  }

  drop(): void {
    this.#head += 1;
    if (this.#head > 1024 && this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
  }
}

export class Column {
  readonly serial: number;
  readonly id: string;
  readonly createdAtMs: number;
  readonly cells = new Cells();
  readonly terms: TableTerms;
  config: ColumnConfig;
  /** True if computing calls no model and costs nothing, for any kind. */
  free = false;
  removed = false;
  /** Computed columns on the same row that must be done first, and those that wait for this. */
  upstream: Column[] = [];
  downstream: Column[] = [];

  constructor(
    serial: number,
    id: string,
    createdAtMs: number,
    config: ColumnConfig,
    terms: TableTerms,
  ) {
    this.serial = serial;
    this.id = id;
    this.createdAtMs = createdAtMs;
    this.config = config;
    this.terms = terms;
  }

  get computed(): boolean {
    return this.config.kind !== 'input';
  }

  get system(): boolean {
    return isSystem(this.config.kind);
  }
}

/** Cells that wait for a free place; so many of them are in progress at once. */
export interface Lane {
  readonly waiting: Queue;
  running: number;
}

/** More columns than this a table cannot have: a cell is one number, slot × this + column. */
export const MAX_COLUMNS = 1024;

/** Rows have a slot for ever; a deleted row leaves its slot empty. */
export class Table {
  readonly serial: number;
  readonly id: string;
  readonly kind: TableKind;
  readonly createdAtMs: number;
  readonly account: TableAccount;
  readonly terms: TableTerms;
  readonly parent: Table | null;
  readonly children: Table[] = [];
  readonly rowIds: IdSeries;
  readonly columnIds: IdSeries;
  readonly lanes: Record<'system' | 'agent', Lane> = {
    system: { waiting: new Queue(), running: 0 },
    agent: { waiting: new Queue(), running: 0 },
  };
  name = '';
  description: string | null = null;
  tags: string[] | null = null;
  updatedAtMs: number;
  removed = false;
  /** True if it backs a sheet of the other API. */
  ofSheet = false;

  columns: Column[] = [];
  /** Every upstream before its downstream. */
  computed: Column[] = [];
  columnsMade: Column[] = [];
  configs: ReadonlyMap<string, ColumnConfig> = new Map();

  /** Rows by slot; `null` = deleted. */
  readonly data: (JsonObject | null)[] = [];
  readonly metadata: (JsonObject | null)[] = [];
  readonly rowCreatedAtMs: number[] = [];
  /** Epoch ms of the last change of a row's data; none if it never changed. */
  readonly rowChangedAtMs = new Map<number, number>();
  /** Slot of the parent table's row, in child tables. */
  readonly parentSlots = new Map<number, number>();
  /** Slots of the rows that are there, oldest first. */
  live: number[] = [];

  /** Computed cells of live rows by status number; kept up to date, never counted. */
  readonly counts = [0, 0, 0, 0, 0];
  /** Cells that will come out → number of their plan. */
  readonly plans = new Map<number, number>();
  /** Cells that will be queued without a sign of it → number of their plan, 0 before there is one. */
  readonly expected = new Map<number, number>();
  /** Cells stalled by a fault script → runs that requested them again. */
  readonly held = new Map<number, number>();
  /** Stalled cells that were requested often enough to continue. */
  readonly freed = new Set<number>();
  /** API time in ms until which the status shows the state before the last run. */
  lag: { untilMs: number; done: number } | null = null;

  constructor(
    nonce: number,
    serial: number,
    id: string,
    kind: TableKind,
    createdAtMs: number,
    account: TableAccount,
    terms: TableTerms,
    parent: Table | null = null,
  ) {
    this.serial = serial;
    this.id = id;
    this.kind = kind;
    this.createdAtMs = createdAtMs;
    this.updatedAtMs = createdAtMs;
    this.account = account;
    this.terms = terms;
    this.parent = parent;
    this.rowIds = new IdSeries(nonce, 'row', serial);
    this.columnIds = new IdSeries(nonce, 'column', serial);
  }

  makeColumn(config: ColumnConfig, atMs: number): Column {
    const serial = this.columnsMade.length;
    const column = new Column(serial, this.columnIds.id(serial), atMs, config, this.terms);
    column.cells.reserve(this.data.length);
    this.columnsMade.push(column);
    return column;
  }

  /** Takes over the columns in this order and works out who waits for whom. */
  arrange(columns: Column[]): void {
    const byKey = new Map(columns.map((column) => [column.config.key, column]));
    for (const column of columns) column.downstream = [];
    for (const column of columns) {
      column.upstream = dependencies(this.kind, column.config).flatMap((key) => {
        const upstream = byKey.get(key);
        return upstream?.computed === true ? [upstream] : [];
      });
      for (const upstream of column.upstream) upstream.downstream.push(column);
    }
    this.columns = columns;
    this.computed = (inOrder(this.kind, columns) ?? columns).filter((column) => column.computed);
    this.configs = new Map(columns.map((column) => [column.config.key, column.config]));
    this.#recount();
  }

  /** Recounts only after columns changed: rows and cells update the counts themselves. */
  #recount(): void {
    this.counts.fill(0);
    for (const { cells } of this.computed) {
      for (const slot of this.live) this.#count(cells.statusAt(slot), 1);
    }
  }

  addRow(data: JsonObject, metadata: JsonObject | null, atMs: number): number {
    const slot = this.data.length;
    this.data.push(data);
    this.metadata.push(metadata);
    this.rowCreatedAtMs.push(atMs);
    this.live.push(slot);
    for (const column of this.columns) column.cells.reserve(slot + 1);
    this.#count(CREATED, this.computed.length);
    return slot;
  }

  removeRows(slots: ReadonlySet<number>): void {
    for (const slot of slots) {
      for (const { cells } of this.computed) this.#count(cells.statusAt(slot), -1);
      this.data[slot] = null;
      this.metadata[slot] = null;
    }
    this.live = this.live.filter((slot) => !slots.has(slot));
  }

  /** `null` for a row that never was or is gone. */
  slotOf(rowId: string): number | null {
    const slot = this.rowIds.serial(rowId);
    return slot === null || (this.data[slot] ?? null) === null ? null : slot;
  }

  columnOf(columnId: string): Column | null {
    const column = this.columnsMade[this.columnIds.serial(columnId) ?? -1];
    return column === undefined || column.removed ? null : column;
  }

  /** The one way a cell changes its status. `atMs` is epoch. */
  move(column: Column, slot: number, status: number, atMs: number): void {
    const { cells } = column;
    this.#count(cells.statusAt(slot), -1);
    this.#count(status, 1);
    cells.status[slot] = status;
    cells.updatedAtMs[slot] = atMs;
    if (status === IN_PROGRESS) {
      bump(cells.starts, slot);
      cells.startedAtMs[slot] = atMs;
    }
    if (status === FAILED) bump(cells.fails, slot);
    if (status === DONE) {
      bump(cells.dones, slot);
      const overtaken = cells.overtaken.get(slot);
      if (overtaken === undefined) {
        cells.frozen.delete(slot);
        cells.outdated.delete(slot);
      } else cells.frozen.set(slot, overtaken);
    }
    if (status !== IN_PROGRESS) cells.overtaken.delete(slot);
    this.updatedAtMs = atMs;
  }

  get busy(): boolean {
    return this.countOf(REQUESTED) + this.countOf(IN_PROGRESS) > 0;
  }

  countOf(status: number): number {
    return this.counts[status] ?? 0;
  }

  #count(status: number, by: number): void {
    this.counts[status] = this.countOf(status) + by;
  }
}

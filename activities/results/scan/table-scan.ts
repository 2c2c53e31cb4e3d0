import type { Json } from '../../../src/contract/json.ts';
import { WORK_FOLDER } from '../../../src/contract/names.ts';
import type { CanaryRows } from '../../../src/rules/answers/canary.ts';
import type { CellCounts, CellOutcome, CellUsage } from '../../../src/contract/results.ts';
import type { Column, TableRef } from '../../../src/contract/table.ts';
import { RowmillError } from '../../../src/errors.ts';
import type { TableRow } from '../../../src/providers/provider.ts';
import { noCells } from '../../../src/rules/cells/outcome.ts';
import { byName } from '../../../src/contract/by-name.ts';
import { addUsage, noUsage } from '../../../src/rules/cells/usage.ts';
import type { Folder } from '../../../src/store/store.ts';
import { readRowIds } from '../../run-files/row-ids.ts';
import { RowIndex } from '../../run-files/snapshot.ts';
import { type PageReader, type ReadPage, type Skipped } from '../../table/page-reader.ts';
import { PageSequenceCheck } from '../../table/page-sequence.ts';
import type { ScanConditions } from './scan-conditions.ts';
import { classifyTableRow, unreadableRow, type GivenConditions } from './part-file.ts';
import { readRefusedRows, refusedPart } from '../../run-files/refused-rows.ts';
import type { ActivityAttempt } from '../../runtime/activity.ts';

export interface ScanOptions {
  /** Takes the rows as they are, even if the table changes meanwhile. @default false */
  ignoreVersion?: boolean;
  /** @default columns have none */
  conditions?: ScanConditions | null;
  /** Rows that are asked for so far. @default all */
  canary?: CanaryRows | null;
  /** Place in the snapshot from which on rows have left the source. @default none have */
  vanishedFrom?: number;
}

export interface ScanReport {
  rowsRead: number;
  rows: number;
}

/** Counts of a scan; kept at the end of every part, so that a killed scan goes on from there. */
export interface ScanCounts {
  byColumn: Record<string, CellCounts>;
  inFlight: number;
  startable: number;
  /** Cells of the canary by column. Left out: no rows wait for it. */
  canary?: Record<string, CellCounts>;
  /** Pending cells whose conditions are not decided. Left out: none. */
  undecided?: number;
  /** Usage by column, only of columns whose cells report it. */
  usage?: Record<string, CellUsage>;
  /** Cells of columns that the provider adds by itself. */
  automatic: { done: number; failed: number };
  /** Number of pending cells that wait for a column the provider added. */
  behindAutomatic: number;
  /** Second rows of a key: a request was committed twice. */
  duplicateRows?: number;
  /** Rows that no page could be read with. */
  rowsUnreadable?: number;
  /** True if the version changed on every scan, so that this one was accepted. */
  tableChangedDuringScan?: true;
}

interface Checkpoint extends ScanCounts {
  next: string | null;
  /** Version of the pages so far, if they have one. */
  version?: string;
  /** Rows that had come before the walk in progress. */
  before?: number;
  /** Ids of the second rows of a key. */
  duplicateRowIds?: string[];
  /** Rows skipped in the current walk. */
  skipped?: Skipped;
}

/** Rows kept in one part file: what a killed scan reads again at most, about 1 MB. */
const ROWS_PER_PART = 2_000;

const partName = (scan: number, part: number): string =>
  `${WORK_FOLDER.scan}${scan}/${String(part).padStart(6, '0')}.jsonl`;

/** Names of the parts of a scan. Each is asked for: a list may lag behind on some stores. */
async function* partNames(folder: Folder, scan: number): AsyncGenerator<string> {
  for (let part = 0; await folder.exists(partName(scan, part)); part += 1) {
    yield partName(scan, part);
  }
}

/** The line that ends a part: a checkpoint, not a row. */
const CHECKPOINT_MARK = '#';

/** Rows of the parts of a scan, in the order they were read. */
export async function* partLines(folder: Folder, scan: number): AsyncGenerator<string> {
  for await (const name of partNames(folder, scan)) {
    for await (const line of folder.lines(name)) {
      if (!line.startsWith(CHECKPOINT_MARK)) yield line;
    }
  }
}

/**
 * Reads every page of a table into part files, with every row of the snapshot exactly once. A row that
 * comes again is skipped. While rows are missing the pages are read once more, as long as that finds
 * some: of a thousand pages one always shifts.
 */
export class TableScan {
  readonly #folder: Folder;
  readonly #number: number;
  readonly #rows: number;
  readonly #ignoreVersion: boolean;
  readonly #conditions: ScanConditions | null;
  readonly #canary: CanaryRows | null;
  readonly #vanishedFrom: number;
  readonly #rowIndex: RowIndex;
  readonly #seen: Uint8Array;
  #count = 0;
  #before = 0;
  #duplicateRowIds = new Set<string>();
  #skipped: Skipped | null = null;
  #parts = 0;
  #lastOrdinal = -1;
  #lateBy = 0;
  #counts: ScanCounts = {
    byColumn: byName(),
    inFlight: 0,
    startable: 0,
    automatic: { done: 0, failed: 0 },
    behindAutomatic: 0,
  };

  constructor(
    folder: Folder,
    number: number,
    rows: number,
    {
      ignoreVersion = false,
      conditions = null,
      canary = null,
      vanishedFrom = Infinity,
    }: ScanOptions = {},
  ) {
    this.#vanishedFrom = vanishedFrom;
    this.#ignoreVersion = ignoreVersion;
    this.#conditions = conditions;
    this.#canary = canary;
    this.#folder = folder;
    this.#number = number;
    this.#rows = rows;
    this.#rowIndex = new RowIndex(folder, conditions?.fieldsOf ?? null);
    this.#seen = new Uint8Array(rows);
  }

  /** Most rows that came before one that precedes them in the snapshot; 0: all came in its order. */
  get lateBy(): number {
    return this.#lateBy;
  }

  /**
   * Reads the table; may be called once. Throws `pages_unstable` when rows are missing, or the
   * table changes meanwhile.
   */
  async read(
    pages: PageReader,
    table: TableRef,
    attempt: ActivityAttempt<ScanReport>,
  ): Promise<ScanCounts> {
    try {
      return await this.#read(pages, table, attempt);
    } finally {
      await this.#rowIndex.close();
    }
  }

  async #read(
    pages: PageReader,
    table: TableRef,
    attempt: ActivityAttempt<ScanReport>,
  ): Promise<ScanCounts> {
    const checkpoint = await this.#restore();
    // Rows in order and without a gap are the beginning of the snapshot.
    if (this.#lateBy === 0 && this.#lastOrdinal === this.#count - 1) {
      await this.#rowIndex.skip(this.#count);
    }
    const ours = table.columns.filter((column) => column.ours && !column.input);
    const { byColumn } = this.#counts;
    for (const { key } of ours) if (!Object.hasOwn(byColumn, key)) byColumn[key] = noCells();

    // Without a checkpoint nothing is known of what an attempt before this one has read.
    if (checkpoint === null) await this.#begin(ours);
    let walk = this.#walk(checkpoint?.version);
    const countingRows = await readRowIds(this.#folder);
    let cursor: string | null = checkpoint?.next ?? null;
    let ended = checkpoint !== null && checkpoint.next === null;
    let ahead: Promise<ReadPage> | null = null;
    while (!ended || this.#missesMore()) {
      if (ended) {
        walk = this.#walk(walk.version);
        this.#skipped = null;
      }
      ended = false;
      const draft = await this.#folder.create(partName(this.#number, this.#parts));
      try {
        for (let inPart = 0; inPart < ROWS_PER_PART && !ended;) {
          const page: ReadPage = await (ahead ?? pages.read(cursor));
          walk.check(page);
          if (walk.changed) this.#counts.tableChangedDuringScan = true;
          if (page.skipped !== undefined) this.#skip(page.skipped);
          cursor = page.next;
          ended = cursor === null;
          // The next page travels while this one is written.
          ahead = ended ? null : pages.read(cursor);
          // Awaited above at the latest in the next round; until then a failure must not be loose.
          ahead?.catch(() => undefined);
          const rowIndex = await this.#rowIndex.of(page.rows.map(({ key }) => key));
          for (const [at, row] of page.rows.entries()) {
            const ordinal = rowIndex[at];
            // Ignores foreign rows; the results contain each row of the snapshot exactly once.
            if (ordinal === undefined) continue;
            const duplicateRowIds = (countingRows?.get(row.key ?? '') ?? row.id) !== row.id;
            if (duplicateRowIds) this.#addDuplicate(row.id);
            else if (this.#mark(ordinal)) await draft.line(this.#take(row, ordinal, table));
          }
          inPart += page.rows.length;
          const says = `${this.#count} of ${this.#rows} rows read`;
          attempt.heartbeat({ rowsRead: this.#count, rows: this.#rows }, says);
        }
        await draft.line(CHECKPOINT_MARK + JSON.stringify(this.#checkpoint(cursor, walk)));
        await draft.commit();
        this.#parts += 1;
      } finally {
        await draft.discard();
      }
    }
    if (this.#count !== this.#rows && this.#skipped !== null && this.#isAllSkipped()) {
      await this.#writeUnreadable(table, this.#skipped.why, walk);
    }
    if (this.#count !== this.#rows) {
      throw this.#unstable(`found ${this.#count} of ${this.#rows} rows`);
    }
    return this.#counts;
  }

  /** Rows that the API has never taken come first: a part of their own. */
  async #begin(ours: Column[]): Promise<void> {
    const refused = await readRefusedRows(this.#folder);
    if (refused.size === 0) return;
    [this.#count, this.#parts, this.#lastOrdinal, this.#lateBy] = [0, 0, -1, 0];
    this.#seen.fill(0);
    const draft = await this.#folder.create(partName(this.#number, this.#parts));
    const rowIndex = new RowIndex(this.#folder);
    try {
      const found = await rowIndex.of([...refused.keys()]);
      for (const [at, reason] of [...refused.values()].entries()) {
        const ordinal = found[at];
        if (ordinal === undefined || !this.#mark(ordinal)) continue;
        await draft.line(refusedPart(ordinal, reason, ours));
        for (const { key } of ours) {
          const counts = this.#counts.byColumn[key];
          if (counts !== undefined) counts.blocked += 1;
        }
      }
      await draft.commit();
    } finally {
      await rowIndex.close();
      await draft.discard();
    }
    this.#parts = 1;
    this.#before = this.#count;
  }

  /** Takes the scan's parts away, to start it again. */
  async reset(): Promise<void> {
    const names: string[] = [];
    for await (const name of partNames(this.#folder, this.#number)) names.push(name);
    // The first one last: an attempt that is killed in between finds all that are left.
    for (const name of names.reverse()) await this.#folder.remove(name);
  }

  #take(row: TableRow, ordinal: number, table: TableRef): string {
    const isCanary = this.#canary?.(ordinal, row.key ?? '') ?? false;
    const classified = classifyTableRow(row, ordinal, table.columns, {
      conditions: this.#given(ordinal),
      isReleased: this.#canary === null || isCanary,
      hasVanished: ordinal >= this.#vanishedFrom,
    });
    const { automatic } = this.#counts;
    automatic.done += classified.automatic.done;
    automatic.failed += classified.automatic.failed;
    this.#counts.behindAutomatic += classified.behindAutomatic;
    for (const [column, verdict] of classified.outcomes) {
      const counts = this.#counts.byColumn[column];
      if (counts !== undefined) counts[verdict.outcome] = (counts[verdict.outcome] ?? 0) + 1;
      if (isCanary) this.#countCanary(column, verdict.outcome);
      if (verdict.outcome === 'pending' && verdict.undecided === true)
        this.#counts.undecided = (this.#counts.undecided ?? 0) + 1;
      if (verdict.inFlight) this.#counts.inFlight += 1;
      if (verdict.startable) this.#counts.startable += 1;
      const usage = row.cells[column]?.usage;
      if (usage !== undefined) this.#use(column, usage);
    }
    return classified.line;
  }

  #countCanary(column: string, outcome: CellOutcome): void {
    const columns = (this.#counts.canary ??= byName());
    const counts = (columns[column] ??= noCells());
    counts[outcome] = (counts[outcome] ?? 0) + 1;
  }

  /** Conditions with the fields of a row, where columns have conditions. */
  #given(ordinal: number): GivenConditions | null {
    if (this.#conditions === null) return null;
    const fields = this.#rowIndex.fields(ordinal);
    const field = (name: string): Json => fields[name] ?? null;
    return { conditions: this.#conditions.conditions, field };
  }

  #use(column: string, usage: CellUsage): void {
    const sums = (this.#counts.usage ??= byName());
    if (!Object.hasOwn(sums, column)) sums[column] = noUsage();
    addUsage(sums[column] ?? noUsage(), usage);
  }

  #addDuplicate(rowId: string): void {
    this.#duplicateRowIds.add(rowId);
    this.#counts.duplicateRows = this.#duplicateRowIds.size;
  }

  #skip({ rows, why }: Skipped): void {
    const before = this.#skipped?.rows ?? 0;
    const reachesEnd = rows === null || this.#skipped?.rows === null;
    this.#skipped = { rows: reachesEnd ? null : before + rows, why };
  }

  /** Checks whether all missing rows are unreadable ones. */
  #isAllSkipped(): boolean {
    const missing = this.#rows - this.#count;
    const { rows = 0 } = this.#skipped ?? {};
    return rows === null || missing <= rows;
  }

  /** Writes a part of the rows that are missing; their place in the table is unknown. */
  async #writeUnreadable(table: TableRef, why: string, walk: PageSequenceCheck): Promise<void> {
    const draft = await this.#folder.create(partName(this.#number, this.#parts));
    try {
      let rows = 0;
      for (const [ordinal, seen] of this.#seen.entries()) {
        if (seen === 1) continue;
        rows += 1;
        this.#mark(ordinal);
        await draft.line(unreadableRow(ordinal, table.columns, why));
      }
      this.#counts.rowsUnreadable = rows;
      for (const counts of Object.values(this.#counts.byColumn)) counts.blocked += rows;
      await draft.line(CHECKPOINT_MARK + JSON.stringify(this.#checkpoint(null, walk)));
      await draft.commit();
      this.#parts += 1;
    } finally {
      await draft.discard();
    }
  }

  /** `false` for a row that has come before. */
  #mark(ordinal: number): boolean {
    if (this.#seen[ordinal] === 1) return false;
    this.#seen[ordinal] = 1;
    this.#count += 1;
    this.#lateBy = Math.max(this.#lateBy, this.#count - 1 - ordinal);
    this.#lastOrdinal = ordinal;
    return true;
  }

  #walk(version: string | undefined): PageSequenceCheck {
    const where = `scan ${this.#number}`;
    return new PageSequenceCheck({ where, version, ignoreVersion: this.#ignoreVersion });
  }

  /** Checks whether one more walk may find missing rows; called once after each. */
  #missesMore(): boolean {
    const broughtSome = this.#count > this.#before;
    this.#before = this.#count;
    if (this.#skipped?.rows != null && this.#isAllSkipped()) return false;
    return broughtSome && this.#count < this.#rows;
  }

  #checkpoint(next: string | null, { version }: PageSequenceCheck): Checkpoint {
    return {
      next,
      ...(version === undefined ? {} : { version }),
      before: this.#before,
      ...(this.#duplicateRowIds.size === 0 ? {} : { duplicateRowIds: [...this.#duplicateRowIds] }),
      ...(this.#skipped === null ? {} : { skipped: this.#skipped }),
      ...this.#counts,
    };
  }

  /** Restores the checkpoint of an earlier attempt. */
  async #restore(): Promise<Checkpoint | null> {
    let checkpoint: Checkpoint | null = null;
    for await (const name of partNames(this.#folder, this.#number)) {
      for await (const line of this.#folder.lines(name)) {
        if (line.startsWith(CHECKPOINT_MARK)) {
          // Written by this class in this shape.
          checkpoint = JSON.parse(line.slice(CHECKPOINT_MARK.length)) as Checkpoint;
        } else {
          this.#mark(Number(line.slice(0, line.indexOf('\t'))));
        }
      }
      this.#parts += 1;
    }
    if (checkpoint !== null) {
      const {
        next,
        version,
        before = 0,
        duplicateRowIds = [],
        skipped = null,
        ...counts
      } = checkpoint;
      this.#skipped = skipped;
      this.#before = before;
      this.#duplicateRowIds = new Set(duplicateRowIds);
      const { byColumn, usage, canary } = counts;
      this.#counts = {
        ...counts,
        ...(canary === undefined ? {} : { canary: byName(Object.entries(canary)) }),
        byColumn: byName(Object.entries(byColumn)),
        ...(usage === undefined ? {} : { usage: byName(Object.entries(usage)) }),
      };
    }
    return checkpoint;
  }

  #unstable(what: string): RowmillError {
    return new RowmillError('pages_unstable', what, { where: `scan ${this.#number}` });
  }
}

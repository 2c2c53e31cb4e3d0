import { RUN_FILE, WORK_FOLDER } from '../../../src/contract/names.ts';
import { byName } from '../../../src/contract/by-name.ts';
import type { CellsByColumn } from '../../../src/contract/ask-reasons.ts';
import type { Misfits } from '../../../src/contract/results.ts';
import {
  attemptsAfter,
  lacksAnswer,
  wasRerun,
  isWaitingAfter,
} from '../../../src/rules/cells/attempts.ts';
import type { CanaryRows } from '../../../src/rules/answers/canary.ts';
import { judgesValues, type Expectations } from '../../../src/rules/answers/expectations.ts';
import { COUNTED_KINDS, reasonToAsk } from '../../../src/rules/cells/cell-set.ts';
import type { PassKind } from '../../../src/rules/passes/passes.ts';
import { openCellsFile, type OpenCell } from '../../run-files/open-cells.ts';
import type { AskedInPass } from './asked-in-pass.ts';
import { AttemptsBefore } from './attempts-before.ts';
import { MisfitCounts } from './misfit-counts.ts';
import type { MarkedCell, NightMarks } from './night-marks.ts';
import { parsePartLine, type PartLine, type PartOpenCell } from './part-file.ts';
import { hasVanished, VANISHED_END } from '../../run-files/vanished-rows.ts';
import { INPUT_MARK, SNAPSHOT_FILE, snapshotKey } from '../../run-files/snapshot.ts';
import { partLines } from './table-scan.ts';
import { RowmillError } from '../../../src/errors.ts';
import type { Draft, Folder } from '../../../src/store/store.ts';

const RESULTS_FILE = RUN_FILE.results;

export interface Merged {
  /** Cells that a rerun has asked for, and that got an answer since the scan before. */
  repaired: number;
  /** Failed cells that no rerun has asked for. */
  neverRerun: number;
  /** Pending cells that a run has asked for, of which nothing shows that they were begun. */
  waiting: number;
  /** Failed cells that a rerun requested, and that have not failed again since. */
  untouched: number;
  /** Cells that could start, and that no run has asked for since. */
  due: number;
  /** Cells whose conditions hold, and that no pass has asked for. Left out: none. */
  staged?: number;
  /** Failed cells that a night asks for in no pass. Left out: none. */
  left?: number;
  /** Answers that a night does not ask for again. Left out: this is no first scan of a night. */
  kept?: number;
  /** Cells that each kind of pass would ask for, by column key. Left out: none. */
  asks?: Record<string, CellsByColumn>;
  /** Answers that break expectations, by column. Left out: no values are expected. */
  misfits?: Record<string, Misfits>;
}

export interface MergeOptions {
  /** Most rows that were read before one that precedes them in the snapshot. */
  lateBy: number;
  /** The pass that ran before this scan. */
  kind: PassKind;
  /** Cells that it asked for; `null`: all that were due. */
  asked?: AskedInPass | null;
  /** Expectations of the answers by column. */
  expected?: Expectations | undefined;
  /** Cells are asked for in stages. @default false */
  inStages?: boolean;
  /**
   * Cells that a night asks for; `null`: the run has its own table, or the night has begun its
   * passes.
   */
  night?: NightMarks | null;
  /** Rows that left the source are marked in the results. @default false */
  marksVanished?: boolean;
  /** Rows of a canary that is over: no later pass asks for them. @default none */
  leaves?: CanaryRows | null;
}

/**
 * Joins the parts of a scan with the frozen input, in its order, into `results.jsonl` and the list
 * of open cells. Text is moved, not parsed: this runs over every row of every scan.
 */
export async function mergeParts(
  folder: Folder,
  scan: number,
  {
    lateBy,
    kind: passKind,
    asked = null,
    expected,
    inStages = false,
    night = null,
    marksVanished = false,
    leaves = null,
  }: MergeOptions,
): Promise<Merged> {
  const attemptsBefore = await AttemptsBefore.open(folder, scan - 1);
  const results = await folder.create(RESULTS_FILE);
  const open = await folder.create(openCellsFile(scan));
  const merged: Merged = {
    repaired: 0,
    neverRerun: 0,
    waiting: 0,
    untouched: 0,
    due: 0,
  };
  const misfits = judgesValues(expected) ? new MisfitCounts(expected) : null;
  const parts = lateBy > ROWS_PER_BUCKET ? sorted(folder, scan) : inOrder(partLines(folder, scan));
  try {
    for await (const line of folder.lines(SNAPSHOT_FILE)) {
      const next = await parts.next();
      if (next.done === true)
        throw new RowmillError(
          'snapshot_changed',
          'it has more rows than were read from the table',
        );
      const part = next.value;
      if (misfits !== null) misfits.count(part.cells);
      // Written by classifyTableRow in this shape.
      const openCells = part.open === '' ? [] : (JSON.parse(part.open) as PartOpenCell[]);
      const complete = openCells.every(({ status }) => status === 'skipped');
      await results.line(joinRow(line, part, { complete, marksVanished }));
      if (part.open === '' && attemptsBefore.isOver && night === null) continue;
      const key = snapshotKey(line, folder);
      const attemptsOfRow = await attemptsBefore.ofRow(key);
      // To a cell that the ceiling kept back, the pass was only a wait.
      const rowId = asked === null ? '' : parseRowId(part);
      const kindFor = (column: string): PassKind =>
        asked?.has(rowId, column) === false ? 'wait' : passKind;
      for (const [column, before] of attemptsOfRow) {
        if (lacksAnswer(before) && wasRerun(kindFor(column), before)) merged.repaired += 1;
      }
      const marked: readonly MarkedCell[] =
        night === null ? openCells : night.ofRow(key, hasVanished(line), part.cells, openCells);
      const isLeft = leaves?.(part.ordinal, key) ?? false;
      for (const cell of marked) {
        const before = attemptsOfRow.get(cell.column);
        const isOver = isLeft && !cell.inFlight && cell.undecided !== true;
        if (cell.left === true || before?.left === true || isOver) {
          if (cell.status === 'failed') merged.left = (merged.left ?? 0) + 1;
          const asBefore = { attempts: before?.attempts ?? 0, rerun: false, waiting: false };
          await writeOpen(open, key, part.rowId, { ...cell, ...asBefore, left: true });
          continue;
        }
        const kind = kindFor(cell.column);
        const rerun = wasRerun(kind, before);
        if (rerun && lacksAnswer(before) && lacksAnswer(cell)) merged.repaired -= 1;
        if (cell.status === 'failed' && !rerun) merged.neverRerun += 1;
        const attempts = attemptsAfter(kind, before, cell);
        const waiting = isWaitingAfter(kind, before, { ...cell, failedAt: cell.failedAt ?? '' });
        if (waiting) merged[cell.status === 'failed' ? 'untouched' : 'waiting'] += 1;
        else if (cell.startable) merged.due += 1;
        countAsks(merged, { ...cell, rerun, waiting }, part, inStages);
        await writeOpen(open, key, part.rowId, { ...cell, attempts, rerun, waiting });
      }
    }
    if (night !== null) merged.kept = night.kept;
    await open.commit();
    await results.commit();
    if (misfits !== null) merged.misfits = misfits.byColumn;
    return merged;
  } finally {
    // Closes the iterator, which is at its last row with a file open.
    await parts.return(undefined);
    await attemptsBefore.close();
    await open.discard();
    await results.discard();
  }
}

/** A row without an id is not in the table, or cannot be read. */
const NO_ROW_ID = '""';

/** Counts a cell for each kind of pass that would ask for it. */
function countAsks(
  merged: Merged,
  cell: MarkedCell & { rerun: boolean; waiting: boolean },
  { rowId }: PartLine,
  inStages: boolean,
): void {
  if (rowId === NO_ROW_ID) return;
  for (const kind of COUNTED_KINDS) {
    if (kind === 'stage' && !inStages) continue;
    if (reasonToAsk(kind, cell) === null) continue;
    if (kind === 'stage') merged.staged = (merged.staged ?? 0) + 1;
    const asks = (merged.asks ??= byName());
    const columns = (asks[kind] ??= byName());
    columns[cell.column] = (columns[cell.column] ?? 0) + 1;
  }
}

/** `{"key":…,"input":{…}}` and a part become one result line. */
function joinRow(
  snapshotLine: string,
  part: PartLine,
  { complete, marksVanished }: { complete: boolean; marksVanished: boolean },
): string {
  const split = snapshotLine.indexOf(INPUT_MARK);
  const head = snapshotLine.slice(0, split);
  const unmarked = !marksVanished && hasVanished(snapshotLine);
  const input = snapshotLine.slice(split, unmarked ? -VANISHED_END.length : -1);
  return `${head},"rowId":${part.rowId}${input},"cells":${part.cells},"complete":${complete}}`;
}

/** A JSON text of a string, written by classifyTableRow. */
const parseRowId = ({ rowId }: Pick<PartLine, 'rowId'>): string => JSON.parse(rowId) as string;

async function writeOpen(
  draft: Draft,
  key: string,
  rowIdJson: string,
  cell: MarkedCell & { attempts: number; rerun: boolean; waiting: boolean },
): Promise<void> {
  const line: OpenCell = {
    key,
    rowId: parseRowId({ rowId: rowIdJson }),
    column: cell.column,
    status: cell.status,
    reason: cell.reason,
    attempts: cell.attempts,
    inFlight: cell.inFlight,
    startable: cell.startable,
    ...(cell.undecided === true ? { undecided: true } : {}),
    ...(cell.blockedBy === undefined ? {} : { blockedBy: cell.blockedBy }),
    ...(cell.rerun ? { rerun: true } : {}),
    ...(cell.waiting ? { waiting: true } : {}),
    ...(cell.failedAt === undefined ? {} : { failedAt: cell.failedAt }),
    ...(cell.due === undefined ? {} : { due: cell.due }),
    ...(cell.along === undefined ? {} : { along: cell.along }),
    ...(cell.left === undefined ? {} : { left: cell.left }),
  };
  await draft.line(JSON.stringify(line));
}

/** Maximum rows in memory at once while parts are sorted. */
const ROWS_PER_BUCKET = 5_000;

/** Puts lines in the order of the snapshot. Keeps those that come before their turn. */
async function* inOrder(lines: AsyncIterable<string>): AsyncGenerator<PartLine> {
  const early = new Map<number, PartLine>();
  let next = 0;
  for await (const line of lines) {
    const part = parsePartLine(line);
    early.set(part.ordinal, part);
    for (let due = early.get(next); due !== undefined; due = early.get(next)) {
      early.delete(next);
      next += 1;
      yield due;
    }
  }
}

/** The pages came in quite another order: sort them by buckets, so that memory stays bounded. */
async function* sorted(folder: Folder, scan: number): AsyncGenerator<PartLine> {
  const bucketName = (bucket: number): string =>
    `${WORK_FOLDER.scan}${scan}-sorted/${bucket}.jsonl`;
  const drafts = new Map<number, Draft>();
  try {
    for await (const line of partLines(folder, scan)) {
      const bucket = Math.floor(parsePartLine(line).ordinal / ROWS_PER_BUCKET);
      const draft = drafts.get(bucket) ?? (await folder.create(bucketName(bucket)));
      drafts.set(bucket, draft);
      await draft.line(line);
    }
    for (const draft of drafts.values()) await draft.commit();
  } finally {
    for (const draft of drafts.values()) await draft.discard();
  }
  for (const bucket of [...drafts.keys()].sort((a, b) => a - b)) {
    const parts: PartLine[] = [];
    for await (const line of folder.lines(bucketName(bucket))) parts.push(parsePartLine(line));
    yield* parts.sort((a, b) => a.ordinal - b.ordinal);
    await folder.remove(bucketName(bucket));
  }
}

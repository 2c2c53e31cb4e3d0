import type { RowTyper } from '../../../src/answers/typed-rows.ts';
import { byName } from '../../../src/contract/by-name.ts';
import { RUN_FILE } from '../../../src/contract/names.ts';
import type {
  InvalidAnswerLine,
  ScanResult,
  QuarantineLine,
} from '../../../src/contract/results.ts';
import { resultRowOf } from '../../../src/sinks/port/rows.ts';
import type { Folder } from '../../../src/store/store.ts';
import { ReasonCounts } from './reasons.ts';
import { isOpen, openCells, openCellsFile, type OpenCell } from '../../run-files/open-cells.ts';

/** Content of the quarantine. */
export interface Quarantined {
  cells: number;
  /** Rows of the source that `rows.skipBad` or `rows.duplicates` left out. */
  rows: number;
  /** Answers of another type than their column, by column. */
  invalid: Record<string, number>;
  byReason: ReasonCounts;
}

export interface QuarantineOptions {
  /** True if the ceiling of the run kept cells back. @default false */
  ceilingReached?: boolean;
  /** Types the answers, to find invalid ones. @default no target types them */
  typed?: RowTyper | null;
}

/** Reason of a row that `rows.skipBad` left out, for counting. */
const LEFT_OUT = 'row of the source that could not be used';

/** Reason of a cell that the ceiling of the run kept back. */
const NOT_ASKED = 'not asked: ceiling';

function reasonOf(cell: OpenCell, ceilingReached: boolean): string {
  const { status, attempts, reason, inFlight, waiting = false } = cell;
  if (status === 'failed') {
    return `failed after ${attempts} ${attempts === 1 ? 'attempt' : 'attempts'}: ${reason}`;
  }
  const wasAsked = attempts > 0 || inFlight || waiting;
  return ceilingReached && status === 'pending' && !wasAsked ? NOT_ASKED : reason;
}

/**
 * Rows that were left out, and cells without an answer, with the reason; the file is there only when
 * there are any.
 */
export async function writeQuarantine(
  folder: Folder,
  found: ScanResult | null,
  { ceilingReached = false, typed = null }: QuarantineOptions = {},
): Promise<Quarantined> {
  const byReason = new ReasonCounts();
  const quarantined: Quarantined = { cells: 0, rows: 0, invalid: byName(), byReason };
  if (found === null) return quarantined;
  const draft = await folder.create(RUN_FILE.quarantine);
  try {
    if (await folder.exists(RUN_FILE.badRows)) {
      for await (const line of folder.lines(RUN_FILE.badRows)) {
        await draft.line(line);
        byReason.add(LEFT_OUT);
        quarantined.rows += 1;
      }
    }
    for await (const cell of openCells(folder, openCellsFile(found.scan))) {
      if (!isOpen(cell)) continue;
      const line: QuarantineLine = {
        key: cell.key,
        column: cell.column,
        status: cell.status,
        reason: reasonOf(cell, ceilingReached),
        attempts: cell.attempts,
      };
      await draft.line(JSON.stringify(line));
      byReason.add(line.reason);
      quarantined.cells += 1;
    }
    if (typed !== null) {
      for await (const line of invalidAnswers(folder, typed)) {
        await draft.line(JSON.stringify(line));
        byReason.add(`${line.column}: ${line.reason}`);
        quarantined.invalid[line.column] = (quarantined.invalid[line.column] ?? 0) + 1;
        quarantined.cells += 1;
      }
    }
    if (quarantined.cells + quarantined.rows > 0) await draft.commit();
    else await folder.remove(RUN_FILE.quarantine);
    return quarantined;
  } finally {
    await draft.discard();
  }
}

/** Finds the answers that have another type than their column. */
async function* invalidAnswers(folder: Folder, typed: RowTyper): AsyncGenerator<InvalidAnswerLine> {
  for await (const line of folder.lines(RUN_FILE.results)) {
    const { row, invalid } = typed(resultRowOf(line, () => folder.locate(RUN_FILE.results)));
    for (const { column, answer, problem } of invalid) {
      yield { key: row.key, column, status: 'invalid', reason: problem, answer };
    }
  }
}

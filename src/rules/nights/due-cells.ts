import type { AskReason } from '../../contract/ask-reasons.ts';
import type { RefreshPolicy } from '../../contract/pipeline.ts';
import type { CellOutcome } from '../../contract/results.ts';

/** Refresh policy of a pipeline: cells that it asks for again each night. */
export interface RefreshRules {
  /** Maximum age of an answer by column key. A column that is left out never becomes old. */
  maxAgeMs: Readonly<Record<string, number>>;
  /** Cells without an answer of earlier nights. */
  failed: 'retry' | 'leave';
  /** True if every answer is asked for again, whatever its age. */
  all?: boolean;
}

/** Returns the rules of a pipeline. @param all Asks for every answer again */
export const refreshRules = (refresh: RefreshPolicy | undefined, all: boolean): RefreshRules => ({
  maxAgeMs: refresh?.columns ?? {},
  failed: refresh?.failed ?? 'retry',
  all,
});

/** Cell of a lasting table before the first pass of a night. */
export interface NightCell {
  column: string;
  outcome: CellOutcome;
  /** True if requested or in progress: it is paid already. */
  inFlight: boolean;
  /** True if row or column were added tonight. */
  isNew: boolean;
  /** True if an input or the config that the cell follows from changed after its last request. */
  changed: boolean;
  /** Epoch ms of the answer: the cell's own time, else the night it was published. `null`: unknown. */
  answeredAtMs: number | null;
  /** True if the row has left the source. */
  vanished: boolean;
}

/**
 * Decides why a cell is due tonight; `null`: it is not. An empty cell has its answer: nothing was
 * found. A cell that was never computed is `new`, unless a failed cell blocks it.
 */
export function reasonTonight(
  { column, outcome, inFlight, isNew, changed, answeredAtMs, vanished }: NightCell,
  { maxAgeMs, failed, all = false }: RefreshRules,
  nowMs: number,
): AskReason | null {
  if (vanished || inFlight || outcome === 'skipped') return null;
  const isAnswered = outcome === 'done' || outcome === 'empty';
  if (changed && !isNew) return 'changed';
  if (!isAnswered) {
    if (isNew || outcome === 'pending') return 'new';
    return failed === 'retry' ? 'failed' : null;
  }
  if (isNew) return null;
  if (all) return 'all';
  if (!Object.hasOwn(maxAgeMs, column)) return null;
  // An answer of an unknown time may be of any age.
  const ageMs = answeredAtMs === null ? Infinity : nowMs - answeredAtMs;
  return ageMs > dueAgeMs(maxAgeMs[column] ?? Infinity) ? 'age' : null;
}

const SLACK = 0.1;
const MAX_SLACK_MS = 6 * 3_600_000;

/**
 * Returns the age from which an answer is asked for again: a tenth before its maximum, at most six
 * hours. Answers come some time after their night has begun, and `1d` would be due every second night.
 */
export const dueAgeMs = (maxAgeMs: number): number =>
  maxAgeMs - Math.min(maxAgeMs * SLACK, MAX_SLACK_MS);

import type { CellCounts } from '../../src/contract/results.ts';
import type { Outcome } from '../../src/contract/run.ts';
import type { RunMode } from '../../src/contract/table.ts';
import type { ErrorCode } from '../../src/errors.ts';

/**
 * Event for metrics: no ids, no names chosen by users, nothing that grows with the rows. A step whose
 * result was lost on its way to Temporal runs again, and emits its events again.
 */
export type MetricEvent =
  /** The rows are frozen: the run is in progress. */
  | { type: 'run started'; provider: string }
  /** The table was asked to run. */
  | { type: 'pass started'; provider: string; mode: RunMode }
  | { type: 'wait began' | 'wait ended'; provider: string; for: WaitReason }
  /** `lateMs`: from when a reading was due to when it was there. */
  | { type: 'polled'; provider: string; lateMs: number }
  | {
      type: 'slice ended';
      provider: string;
      end: 'idle' | 'stalled' | 'no credits' | 'deadline' | 'slice' | 'stopped';
    }
  /** The balance may have moved since it was asked for (epoch ms). */
  | { type: 'credits read'; provider: string; credits: number; askedAtMs: number; readAtMs: number }
  | { type: 'run ended'; provider: string; outcome: Outcome; cells: CellCounts; tookMs: number }
  | { type: 'step failed'; code: ErrorCode };

/** Cells to move; or an account without credits or with a refused token to be put right. */
export type WaitReason = 'cells' | 'account';

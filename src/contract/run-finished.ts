import type { RunSummary } from './run.ts';

/** Body of the completion webhook (docs/webhooks.md). */
export interface RunFinished {
  type: 'run.finished';
  /** ISO time of the end of the run; the same on every retry. */
  timestamp: string;
  data: RunSummary;
}

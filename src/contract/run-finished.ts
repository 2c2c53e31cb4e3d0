import type { RunSummary } from './run.ts';

/** What is told: the body of a webhook (docs/webhooks.md). */
export interface RunFinished {
  type: 'run.finished';
  /** ISO time of the end of the run; the same on every retry. */
  timestamp: string;
  data: RunSummary;
}

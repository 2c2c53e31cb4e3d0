import type { Outcome, RunSummary } from './run.ts';

/** Whom to tell when a run has ended. */
export interface NotifyTarget {
  url: string;
  on: Outcome[];
  /** Environment variable of the worker that holds the secret (`whsec_…`). */
  secretEnv: string;
}

/** What is told: the body of a webhook (docs/webhooks.md). */
export interface RunFinished {
  type: 'run.finished';
  /** ISO time of the end of the run; the same on every retry. */
  timestamp: string;
  data: RunSummary & { reason: string | null };
}

/** What came of telling one of them. */
export interface Notified {
  /** Without query. */
  url: string;
  id: string;
  status: 'delivered' | 'failed';
  problem: string | null;
}

import type { Outcome } from './outcome.ts';

/** Whom to tell when a run has ended. */
export interface NotifyTarget {
  url: string;
  on: Outcome[];
  /** Environment variable of the worker that holds the secret (`whsec_…`). */
  secretEnv: string;
}

/** What came of telling one of them. */
export interface Notified {
  /** Without query. */
  url: string;
  id: string;
  status: 'delivered' | 'failed';
  problem: string | null;
}

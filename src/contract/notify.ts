import type { Outcome } from './outcome.ts';

/** Receiver of the completion webhook. */
export interface NotifyTarget {
  url: string;
  on: Outcome[];
  /** Environment variable of the worker with the secret (`whsec_…`). */
  secretEnv: string;
}

/** Result of one delivery. */
export interface Notified {
  /** Without query. */
  url: string;
  id: string;
  status: 'delivered' | 'failed';
  problem: string | null;
}

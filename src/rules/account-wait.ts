import type { Stage } from '../contract/run.ts';

/** Stages of a run whose account cannot be used. */
export const ACCOUNT_WAIT_STAGES = [
  'waiting for credits',
  'waiting for credentials',
] as const satisfies readonly Stage[];

/** Stages of a run that waits for an operator or the account; `resume` makes it retry at once. */
export const STANDSTILLS = [
  ...ACCOUNT_WAIT_STAGES,
  'waiting for budget',
  'waiting for the API',
] as const satisfies readonly Stage[];

export type AccountWait = (typeof ACCOUNT_WAIT_STAGES)[number];

/** Error codes that the account owner has to resolve; the run is not at fault. */
const WAIT_OF_CODE: Readonly<Record<string, AccountWait>> = {
  insufficient_credits: 'waiting for credits',
  unauthorized: 'waiting for credentials',
  forbidden: 'waiting for credentials',
  token_missing: 'waiting for credentials',
};

/**
 * Returns what an error of this code makes a run wait for; `null`: the account is not the cause.
 */
export const accountWait = (code: string | null | undefined): AccountWait | null =>
  WAIT_OF_CODE[code ?? ''] ?? null;

/** A check costs one request: soon at first (a top-up may be in progress), then rarely. */
const MIN_READ_MS = 15_000;
const MAX_READ_MS = 300_000;
const GROWTH = 1.5;

/** Number of failed waits (some hours) after which the account is checked even less often. */
const MANY_FAILED_WAITS = 48;

/**
 * Returns the time before the next check of the account, in ms. After each failed wait (usable, but
 * the step was refused again) a dozen events are in the history, of which Temporal allows 51,200. A
 * year fits.
 */
export function accountReadMs(reads: number, failedWaits: number): number {
  const soonMs = MIN_READ_MS * GROWTH ** (reads + failedWaits);
  const rarer = reads === 0 ? Math.max(1, failedWaits / MANY_FAILED_WAITS) : 1;
  return Math.min(soonMs, MAX_READ_MS * rarer);
}

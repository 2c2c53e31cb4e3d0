import type { Stage } from '../contract/run.ts';

/** Where a run stands while its account cannot be used. */
export const ACCOUNT_WAIT_STAGES = [
  'waiting for credits',
  'waiting for credentials',
] as const satisfies readonly Stage[];

/** Where a run stands while something outside it has to be put right; `resume` makes it try again at once. */
export const STANDSTILLS = [
  ...ACCOUNT_WAIT_STAGES,
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

/** What an error of this code makes a run wait for; `null`: it is no matter of the account. */
export const accountWait = (code: string | null | undefined): AccountWait | null =>
  WAIT_OF_CODE[code ?? ''] ?? null;

/** A check costs one request: soon at first (a top-up may be under way), then rarely. */
const MIN_LOOK_MS = 15_000;
const MAX_LOOK_MS = 300_000;
const GROWTH = 1.5;

/** After so many failed waits (some hours), the account is checked even less often. */
const MANY_FAILED_WAITS = 48;

/**
 * Time in ms before the next check of the account, after so many checks of the same wait. Each failed wait
 * (it looked usable, and the step was refused all the same) leaves a dozen events in the run's history,
 * of which Temporal takes 51,200: a year has room for all of them.
 */
export function accountLookMs(looks: number, failedWaits: number): number {
  const soonMs = MIN_LOOK_MS * GROWTH ** (looks + failedWaits);
  const rarer = looks === 0 ? Math.max(1, failedWaits / MANY_FAILED_WAITS) : 1;
  return Math.min(soonMs, MAX_LOOK_MS * rarer);
}

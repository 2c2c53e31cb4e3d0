import type { Stage } from '../contract/run.ts';

/** Where a run stands while its account cannot be used. */
export const ACCOUNT_HOLDS = [
  'waiting for credits',
  'waiting for credentials',
] as const satisfies readonly Stage[];

/** Where a run stands while something outside it has to be put right; `resume` makes it try again at once. */
export const STANDSTILLS = [
  ...ACCOUNT_HOLDS,
  'waiting for the API',
] as const satisfies readonly Stage[];

export type AccountHold = (typeof ACCOUNT_HOLDS)[number];

/** By error code: somebody has to put the account right, the run is not at fault. */
const HOLDS: Readonly<Record<string, AccountHold>> = {
  insufficient_credits: 'waiting for credits',
  unauthorized: 'waiting for credentials',
  forbidden: 'waiting for credentials',
  token_missing: 'waiting for credentials',
};

/** What an error of this code makes a run wait for; `null`: it is no matter of the account. */
export const accountHold = (code: string | null | undefined): AccountHold | null =>
  HOLDS[code ?? ''] ?? null;

/** A look costs one request: soon at first (somebody may be topping up now), then rarely. */
const LOOK_AT_LEAST_MS = 15_000;
const LOOK_AT_MOST_MS = 300_000;
const GROWTH = 1.5;

/** So many waits in vain, some hours, are taken for somebody who is late; more make it rarer still. */
const MANY_IN_VAIN = 48;

/**
 * Time in ms before a look at the account, after so many looks of the same wait. Each wait in vain
 * (it looked usable, and the step was refused all the same) leaves a dozen events in the run's history,
 * of which Temporal takes 51,200: a year has room for all of them.
 */
export function accountLookMs(looks: number, inVain: number): number {
  const soonMs = LOOK_AT_LEAST_MS * GROWTH ** (looks + inVain);
  const rarer = looks === 0 ? Math.max(1, inVain / MANY_IN_VAIN) : 1;
  return Math.min(soonMs, LOOK_AT_MOST_MS * rarer);
}

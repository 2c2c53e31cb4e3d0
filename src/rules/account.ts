import type { Stage } from '../contract/run.ts';

/** Where a run stands while its account cannot be used. */
export const ACCOUNT_HOLDS = [
  'waiting for credits',
  'waiting for credentials',
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

/**
 * Kind of trouble apart from the account. `api`: temporary, worth waiting. `refusal`: of a read,
 * maybe an error of the API, accepted only after a while.
 */
export type Trouble = 'api' | 'refusal';

/** Trouble by error code. */
const TROUBLES: Readonly<Record<string, Trouble>> = {
  rate_limited: 'api',
  provider_unavailable: 'api',
  provider_unreachable: 'api',
  provider_timeout: 'api',
  reply_unreadable: 'api',
  request_refused: 'refusal',
  request_too_large: 'refusal',
  reply_too_large: 'refusal',
  not_found: 'refusal',
  plan_required: 'refusal',
  payment_failed: 'refusal',
};

export const troubleOf = (code: string): Trouble | null =>
  Object.hasOwn(TROUBLES, code) ? (TROUBLES[code] ?? null) : null;

export interface TroubleLimits {
  /** Time after which the run shows that it waits for the API. */
  shownAfterMs: number;
  /** Time after which a refused read counts as permanent. */
  refusedAtMostMs: number;
}

export const TROUBLE_LIMITS: TroubleLimits = {
  shownAfterMs: 2 * 60_000,
  refusedAtMostMs: 10 * 60_000,
};

/** Continuation of a failed step. */
export type AfterTrouble =
  /** Retries as its policy says. */
  | 'retry'
  /** The workflow shows what is waited for, and tries it again. */
  | 'hand back'
  /** Fails permanently. */
  | 'fail';

/**
 * @param lastsMs Since the first failure of this trouble
 * @param pauseMs Before the next try, where the provider asked for one
 */
export function afterTrouble(
  trouble: Trouble,
  { lastsMs, pauseMs, mayYield }: { lastsMs: number; pauseMs: number; mayYield: boolean },
  { shownAfterMs, refusedAtMostMs }: TroubleLimits = TROUBLE_LIMITS,
): AfterTrouble {
  if (trouble === 'refusal' && lastsMs >= refusedAtMostMs) return 'fail';
  return mayYield && lastsMs + pauseMs >= shownAfterMs ? 'hand back' : 'retry';
}

/**
 * What a request may fail with that is no matter of the account. `api`: it passes, and is waited for.
 * `refusal`: said of a read it may be a slip of the API, and is only believed after a while.
 */
export type Trouble = 'api' | 'refusal';

/** By error code. */
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
  /** From here on the run shows that it waits for the API. */
  shownAfterMs: number;
  /** A read that was refused all this time will always be refused. */
  refusedAtMostMs: number;
}

export const TROUBLE_LIMITS: TroubleLimits = {
  shownAfterMs: 2 * 60_000,
  refusedAtMostMs: 10 * 60_000,
};

/** How a step that failed goes on. */
export type AfterTrouble =
  /** It is tried again as its policy says. */
  | 'retry'
  /** The workflow shows what is waited for, and tries it again. */
  | 'hand back'
  /** Nothing will help. */
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

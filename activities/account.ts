import { RowmillError } from '../src/errors.ts';
import { troubleOf } from '../src/rules/trouble.ts';
import type { ApiCalls } from '../src/contract/run.ts';
import type { TableRef } from '../src/contract/table.ts';
import { accountWait, accountReadMs } from '../src/rules/account-wait.ts';
import type { ActivityDeps } from './runtime/deps.ts';
import { retryRead } from './runtime/retry-read.ts';
import { type ActivityAttempt, activity, trackWaiting } from './runtime/activity.ts';

/** State of a provider's account. */
export interface AccountReading {
  /** `null` where the provider does not say, or the token may not ask. */
  credits: number | null;
  /** Reason that no balance could be read, where the provider has one. */
  problem: string | null;
}

/** Tag that no table has: the list only shows whether the token is accepted. */
const NO_TAG = 'rowmill-no-table';

/** Reads the balance and emits it as a metric. @throws RowmillError when it cannot be read */
export async function readBalance<D>(
  deps: ActivityDeps,
  provider: string,
  attempt: ActivityAttempt<D>,
): Promise<number | null> {
  const now = deps.now ?? Date.now;
  const askedAtMs = now();
  const { credits } = await deps.providers.get(provider).account(attempt.ctx);
  if (credits !== null) {
    deps.onEvent?.({ type: 'credits read', provider, credits, askedAtMs, readAtMs: now() });
  }
  return credits;
}

/**
 * Reads the account of a provider. A balance is informational: if it cannot be read, the list of
 * tables shows whether the token is accepted.
 *
 * @throws RowmillError if neither can be read
 */
export async function readAccount<D>(
  deps: ActivityDeps,
  provider: string,
  attempt: ActivityAttempt<D>,
): Promise<AccountReading> {
  try {
    const credits = await retryRead(attempt, () => readBalance(deps, provider, attempt));
    return { credits, problem: null };
  } catch (error) {
    if (!(error instanceof RowmillError) || !mayBeOfTheAccount(error)) throw error;
    const from = deps.providers.get(provider);
    await retryRead(attempt, () => from.findTables(NO_TAG, attempt.ctx));
    return { credits: null, problem: error.message };
  }
}

/** Detects errors that one endpoint may return while the others work. */
const mayBeOfTheAccount = ({ code }: RowmillError): boolean =>
  ['unauthorized', 'forbidden', 'provider_unavailable', 'reply_unreadable'].includes(code) ||
  troubleOf(code) === 'refusal';

export interface CheckedCredits {
  /** `null` where the provider does not say. */
  credits: number | null;
  /** Plan, if it was requested and the provider reports it. */
  plan?: string | null;
  calls: ApiCalls;
}

export interface CheckCreditsInput {
  provider: string;
  /** A quota may be used up: what cannot be read now is not waited for. */
  quota?: boolean;
}

/** Reads the account; also shows whether the token is accepted. */
export const checkCredits = activity<CheckCreditsInput, CheckedCredits>(
  async ({ provider, quota = false }, attempt, deps) => {
    if (quota) return { ...(await quotaOf(deps, provider, attempt)), calls: attempt.calls };
    const { credits } = await readAccount(deps, provider, attempt);
    return { credits, calls: attempt.calls };
  },
);

/** Reads the account even during a long pause: whether a quota is used up explains the pause. */
async function quotaOf(
  deps: ActivityDeps,
  provider: string,
  { ctx, ...rest }: ActivityAttempt<null>,
): Promise<Pick<CheckedCredits, 'credits' | 'plan'>> {
  const attempt = { ...rest, ctx: { ...ctx, duringPause: true } };
  try {
    const credits = await readBalance(deps, provider, attempt);
    return { credits, plan: await planOf(deps, provider, attempt) };
  } catch (error) {
    if (error instanceof RowmillError) return { credits: null, plan: null };
    throw error;
  }
}

/** Describes the plan; `null` if it cannot be read. */
async function planOf(
  deps: ActivityDeps,
  provider: string,
  attempt: ActivityAttempt<null>,
): Promise<string | null> {
  try {
    return (await deps.providers.get(provider).plan?.(attempt.ctx))?.text ?? null;
  } catch (error) {
    if (error instanceof RowmillError) return null;
    throw error;
  }
}

export interface AwaitAccountInput {
  provider: string;
  /** Epoch ms. */
  deadlineAtMs: number;
  /**
   * Earlier waits for the account after which the step was still refused: the balance may be
   * unknown.
   */
  failedWaits: number;
  /** The API is waited for rather than the account: this table is looked at. Left out: the account is. */
  table?: TableRef | null;
}

export interface AwaitedAccount {
  /** True if the account is usable again; false at the deadline. */
  usable: boolean;
  /** `null` where the provider does not say. */
  credits: number | null;
  calls: ApiCalls;
}

/** Waits until the token is accepted and there are credits, as seen by the account itself. */
export const awaitAccount = activity<AwaitAccountInput, AwaitedAccount, WaitReading>(
  (input, attempt, deps) =>
    trackWaiting(deps, input.provider, 'account', () => checkAccount(deps, input, attempt)),
);

interface WaitReading {
  credits: number | null;
}

async function checkAccount(
  deps: ActivityDeps,
  input: AwaitAccountInput,
  attempt: ActivityAttempt<WaitReading>,
): Promise<AwaitedAccount> {
  const now = deps.now ?? Date.now;
  for (let reads = 0; ; reads += 1) {
    const waitMs = accountReadMs(reads, input.failedWaits);
    const leftMs = input.deadlineAtMs - now();
    if (leftMs <= 0) return { usable: false, credits: null, calls: attempt.calls };
    await attempt.waitForLateCommit(Math.min(waitMs, leftMs));
    const ctx = { ...attempt.ctx, pollWithinMs: waitMs };
    try {
      if (input.table != null) {
        await deps.providers.get(input.provider).progress(input.table, null, ctx);
        return { usable: true, credits: null, calls: attempt.calls };
      }
      const { credits } = await readAccount(deps, input.provider, { ...attempt, ctx });
      const said =
        credits === null ? 'does not say how many credits it has' : `has ${credits} credits`;
      attempt.heartbeat({ credits }, `the account ${said}`);
      if (credits === null || credits > 0) return { usable: true, credits, calls: attempt.calls };
    } catch (error) {
      if (!(error instanceof RowmillError)) throw error;
      // The API is there: whether it will always refuse, the step itself finds out.
      if (input.table != null && troubleOf(error.code) === 'refusal') {
        return { usable: true, credits: null, calls: attempt.calls };
      }
      if (!error.retryable && accountWait(error.code) === null) throw error;
    }
  }
}

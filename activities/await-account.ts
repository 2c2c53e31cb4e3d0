import type { ApiCalls } from '../src/contract/run.ts';
import type { TableRef } from '../src/contract/table.ts';
import { RowmillError } from '../src/errors.ts';
import { accountWait, accountLookMs } from '../src/rules/account.ts';
import { troubleOf } from '../src/rules/trouble.ts';
import { readAccount } from './account.ts';
import type { ActivityDeps } from './deps.ts';
import { activity, type ActivityAttempt } from './step.ts';
import { trackWaiting } from './waiting.ts';

export interface AwaitAccountInput {
  provider: string;
  /** Epoch ms. */
  deadlineAtMs: number;
  /** Waits for it so far after which the step was refused all the same: a balance may not be told. */
  failedWaits: number;
  /** The API is waited for rather than the account: this table is looked at. Left out: the account is. */
  table?: TableRef | null;
}

export interface AwaitedAccount {
  /** Whether the account can be used again; otherwise the deadline came. */
  usable: boolean;
  /** `null` where the provider does not say. */
  credits: number | null;
  calls: ApiCalls;
}

/** Waits until the token is accepted and there are credits, as seen by the account itself. */
export const awaitAccount = activity<AwaitAccountInput, AwaitedAccount, AccountReading>(
  (input, attempt, deps) =>
    trackWaiting(deps, input.provider, 'account', () => checkAccount(deps, input, attempt)),
);

interface AccountReading {
  credits: number | null;
}

async function checkAccount(
  deps: ActivityDeps,
  input: AwaitAccountInput,
  attempt: ActivityAttempt<AccountReading>,
): Promise<AwaitedAccount> {
  const now = deps.now ?? Date.now;
  for (let looks = 0; ; looks += 1) {
    const waitMs = accountLookMs(looks, input.failedWaits);
    const leftMs = input.deadlineAtMs - now();
    if (leftMs <= 0) return { usable: false, credits: null, calls: attempt.calls };
    await attempt.waitForLateCommit(Math.min(waitMs, leftMs));
    try {
      if (input.table != null) {
        await deps.providers.get(input.provider).progress(input.table, null, attempt.ctx);
        return { usable: true, credits: null, calls: attempt.calls };
      }
      const { credits } = await readAccount(deps, input.provider, attempt);
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

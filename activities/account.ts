import { RowmillError } from '../src/errors.ts';
import { troubleOf } from '../src/rules/trouble.ts';
import type { ActivityDeps } from './deps.ts';
import { retryRead } from './reading.ts';
import type { ActivityAttempt } from './step.ts';

/** How the account of a provider stands. */
export interface AccountReading {
  /** `null` where the provider does not say, or the token may not ask. */
  credits: number | null;
  /** Why there is no balance to read, where there should be one. */
  problem: string | null;
}

/** No table has it: the list is asked only for whether the token may ask. */
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
 * One look at the account of a provider. A balance is for information: where it cannot be read, the list
 * of tables shows whether the token is any good.
 *
 * @throws RowmillError when neither of them can be read
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

/** What an endpoint may answer while the others work. */
const mayBeOfTheAccount = ({ code }: RowmillError): boolean =>
  ['unauthorized', 'forbidden', 'provider_unavailable', 'reply_unreadable'].includes(code) ||
  troubleOf(code) === 'refusal';

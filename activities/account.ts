import type { Account } from '../src/providers/provider.ts';
import type { ActivityDeps } from './deps.ts';
import type { Step } from './step.ts';

/** One look at the account of a provider; its balance is told to whoever counts. */
export async function readAccount<D>(
  deps: ActivityDeps,
  provider: string,
  step: Step<D>,
): Promise<Account> {
  const now = deps.now ?? Date.now;
  const askedAtMs = now();
  const account = await deps.providers.get(provider).account(step.ctx);
  const { credits } = account;
  if (credits !== null) {
    deps.onEvent?.({ type: 'credits read', provider, credits, askedAtMs, readAtMs: now() });
  }
  return account;
}

import { setTimeout as sleep } from 'node:timers/promises';
import { openStore } from '../../env.ts';
import { RowmillError } from '../../errors.ts';
import { PROVIDER_SPECS, type ProviderSpec } from '../../providers/catalog.ts';
import { limiterTokenOf } from '../../providers/registry.ts';
import { BEAT_MS, livingBeats } from '../../shared-pace/living-beats.ts';
import type { Store } from '../../store/store.ts';
import type { Env } from '../io/context.ts';
import { formatInteger } from '../io/format.ts';
import { ok, warn, type Finding } from './finding.ts';

/** Reports which workers share each token's pace now. Watches them for some seconds if there are any. */
export async function checkPaces(env: Env): Promise<Finding[]> {
  const store = openStore(env);
  const used = PROVIDER_SPECS.filter(({ tokenVariable }) => Boolean(env[tokenVariable]?.trim()));
  return Promise.all(used.map((spec) => checkPace(spec, env, store)));
}

async function checkPace(spec: ProviderSpec, env: Env, store: Store): Promise<Finding> {
  const name = `${spec.name} pace`;
  try {
    const { digest, ratePerSecond } = limiterTokenOf(spec, { ...env });
    const most = ratePerSecond === null ? 'learned' : `at most ${ratePerSecond} requests a second`;
    const beats = await livingBeats(store.paces, digest, () => sleep(BEAT_MS * 1.5));
    if (beats.length === 0) {
      return ok(name, `${most}, shared by the workers of this store; none sends now`);
    }
    const now = Math.max(...beats.map(({ pace }) => pace.perSecond));
    const sharers = `${formatInteger(beats.length)} worker${beats.length === 1 ? '' : 's'}`;
    return ok(name, `${most}, now ${now.toFixed(1)} a second, shared by ${sharers}`);
  } catch (error) {
    if (!(error instanceof RowmillError)) throw error;
    const then =
      'Until the store answers, workers keep their last share for 5 s, then half, after 30 s a tenth.';
    return warn(name, `workers cannot share it: ${error.message}`, then);
  }
}

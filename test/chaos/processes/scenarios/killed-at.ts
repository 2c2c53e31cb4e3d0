import type { ProviderCase } from '../../../support/providers/provider-case.ts';
import { until } from '../../../support/until.ts';
import { openHeldSandbox, type Fate, type Moment } from '../held-sandbox.ts';
import { nameOf, ROWS } from '../moments.ts';
import { withSite } from '../site.ts';

export interface KilledAt {
  provider: ProviderCase;
  moments: readonly Moment[];
  fate: Fate;
}

/** One run whose only worker is killed at each of these moments, while a request is under way. */
export async function killedAt({ provider, moments, fate }: KilledAt): Promise<string[]> {
  const sandbox = await openHeldSandbox(1, 600);
  const options = { name: 'killed-at', provider, rows: ROWS, sandbox };
  return withSite(options, async (site) => {
    const handle = await site.startRun();
    for (const moment of moments) {
      sandbox.waitFor(moment, async () => (await site.step())?.type ?? null);
      const worker = await site.startWorker();
      await until(nameOf(moment), () => sandbox.holds());
      worker.child.kill('SIGKILL');
      await worker.ended;
      sandbox.letGo(fate);
    }
    await site.startWorker();
    return site.verdict(handle);
  });
}

import type { ProviderCase } from '../../../support/providers/provider-case.ts';
import { until } from '../../../support/until.ts';
import { openHeldSandbox, type Moment } from '../held-sandbox.ts';
import { nameOf, ROWS } from '../moments.ts';
import { LONG, scale } from '../scale.ts';
import { withSite } from '../site.ts';
import { untilInHand, untilItWaits } from './waiting.ts';

/** Within one run one worker takes the place of the other, again and again, each asked to stop. */
export const deploys = (provider: ProviderCase): Promise<string[]> =>
  withSite({ name: 'deploys', provider, rows: 40, speed: LONG ? 2 : 10 }, async (site) => {
    const handle = await site.startRun();
    let worker = await site.startWorker();
    await untilItWaits(site);
    for (let deploy = 0; deploy < scale.deploys; deploy += 1) {
      const next = await site.startWorker();
      worker.child.kill('SIGTERM');
      await worker.endsWith(0);
      worker = next;
    }
    return site.verdict(handle);
  });

/**
 * The same, each while a request is under way that lands when the next worker has the step in hand
 * already: after a deploy that is soon, where after a kill the heartbeat has to time out first.
 */
export async function deploysAt(
  provider: ProviderCase,
  moments: readonly Moment[],
): Promise<string[]> {
  const sandbox = await openHeldSandbox(1, 600);
  const options = { name: 'deploys-at', provider, rows: ROWS, sandbox };
  return withSite(options, async (site) => {
    const handle = await site.startRun();
    let worker = await site.startWorker();
    for (const moment of moments) {
      sandbox.waitFor(moment, async () => (await site.step())?.type ?? null);
      await until(nameOf(moment), () => sandbox.holds());
      const next = await site.startWorker();
      worker.child.kill('SIGTERM');
      await worker.endsWith(0);
      await untilInHand(site, next);
      sandbox.letGo('is carried out');
      worker = next;
    }
    return site.verdict(handle);
  });
}

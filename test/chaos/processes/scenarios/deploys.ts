import type { ProviderCase } from '../../../support/providers/provider-case.ts';
import { LONG, scale } from '../scale.ts';
import { withSite } from '../site.ts';
import { untilItWaits } from './waiting.ts';

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

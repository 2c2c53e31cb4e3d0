import type { ProviderCase } from '../../../support/providers/provider-case.ts';
import { eventually } from '../../../support/eventually.ts';
import { openBlockingSandbox, type KillPoint } from '../blocking-sandbox.ts';
import { nameOf, ROWS } from '../kill-points.ts';
import { LONG, scale } from '../sizes.ts';
import { withProcessEnv } from '../process-env.ts';
import { untilStepBegun, untilItWaits } from './waiting.ts';

/** Within one run one worker takes the place of the other, again and again, each asked to stop. */
export const deploys = (provider: ProviderCase): Promise<string[]> =>
  withProcessEnv({ name: 'deploys', provider, rows: 40, speed: LONG ? 2 : 10 }, async (site) => {
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
 * Deploys a new worker during each of these requests, which commits only when that worker has begun
 * the step. After a deploy that is soon; after a kill the heartbeat has to time out first.
 */
export async function deploysAt(
  provider: ProviderCase,
  moments: readonly KillPoint[],
): Promise<string[]> {
  const sandbox = await openBlockingSandbox(1, 600);
  const options = { name: 'deploys-at', provider, rows: ROWS, sandbox };
  return withProcessEnv(options, async (site) => {
    const handle = await site.startRun();
    let worker = await site.startWorker();
    for (const moment of moments) {
      sandbox.waitFor(moment, async () => (await site.step())?.type ?? null);
      await eventually(nameOf(moment), () => sandbox.holds());
      const next = await site.startWorker();
      worker.child.kill('SIGTERM');
      await worker.endsWith(0);
      await untilStepBegun(site, next);
      sandbox.release('is carried out');
      worker = next;
    }
    return site.verdict(handle);
  });
}

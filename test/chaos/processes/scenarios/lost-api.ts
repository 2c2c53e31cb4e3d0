import { setTimeout as sleep } from 'node:timers/promises';
import type { ProviderCase } from '../../../support/providers/provider-case.ts';
import { withProcessEnv } from '../process-env.ts';
import { untilItSays, untilItWaits } from './waiting.ts';

/** The API is gone for longer than a step tries by itself, and comes back where it was. */
export const lostApi = (provider: ProviderCase): Promise<string[]> =>
  withProcessEnv({ name: 'api', provider, rows: 40, speed: 20 }, async (site) => {
    await site.startWorker();
    const handle = await site.startRun();
    await untilItWaits(site);
    await site.sandbox.stop('SIGKILL');
    await untilItSays(site, 'provider_unreachable');
    await sleep(2_000);
    await site.sandbox.start();
    return site.verdict(handle);
  });

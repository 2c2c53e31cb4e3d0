import type { ProviderCase } from '../../../support/providers/provider-case.ts';
import { until } from '../../../support/until.ts';
import { openHeldSandbox, type Fate, type Moment } from '../held-sandbox.ts';
import { withSite } from '../site.ts';
import { untilItWaits } from './waiting.ts';

/** Where nothing can be stopped at the provider, the first thing that is asked is what there is. */
const momentOf = ({ changes }: ProviderCase): Moment =>
  changes.includes('cancel-run')
    ? { step: 'cancelRemote', on: 'cancel-run', nth: 1 }
    : { step: 'collectResults', on: 'read-rows', nth: 1 };

/** Somebody cancels a run that waits for cells, and its only worker is killed while it sees to that. */
export async function killedInCancel(provider: ProviderCase, fate: Fate): Promise<string[]> {
  const sandbox = await openHeldSandbox(1, 5);
  const options = { name: 'cancelled', provider, rows: 120, sandbox, cutShort: 'cancelled' };
  return withSite(options, async (site) => {
    const moment = momentOf(provider);
    sandbox.waitFor(moment, async () => (await site.step())?.type ?? null);
    const worker = await site.startWorker();
    const handle = await site.startRun();
    await untilItWaits(site);
    await handle.cancel();
    await until(`${moment.step} has sent ${moment.on}`, () => sandbox.holds());
    worker.child.kill('SIGKILL');
    await worker.ended;
    sandbox.letGo(fate);
    await site.startWorker();
    return site.verdict(handle);
  });
}

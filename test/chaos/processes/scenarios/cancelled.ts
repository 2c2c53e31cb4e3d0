import type { ProviderCase } from '../../../support/providers/provider-case.ts';
import { eventually } from '../../../support/eventually.ts';
import { openBlockingSandbox, type Fate, type KillPoint } from '../blocking-sandbox.ts';
import { withProcessEnv } from '../process-env.ts';
import { untilItWaits } from './waiting.ts';

/**
 * Returns the request to kill at: the cancel, or the first reading where a provider cannot cancel.
 */
const momentOf = ({ changes }: ProviderCase): KillPoint =>
  changes.includes('cancel-run')
    ? { step: 'cancelQueuedCells', on: 'cancel-run', nth: 1 }
    : { step: 'collectResults', on: 'read-rows', nth: 1 };

/** Cancels a run that waits for cells, and kills its only worker while it carries that out. */
export async function killedInCancel(provider: ProviderCase, fate: Fate): Promise<string[]> {
  const sandbox = await openBlockingSandbox(1, 5);
  const options = { name: 'cancelled', provider, rows: 120, sandbox, cutShort: 'cancelled' };
  return withProcessEnv(options, async (site) => {
    const moment = momentOf(provider);
    sandbox.waitFor(moment, async () => (await site.step())?.type ?? null);
    const worker = await site.startWorker();
    const handle = await site.startRun();
    await untilItWaits(site);
    await handle.cancel();
    await eventually(`${moment.step} has sent ${moment.on}`, () => sandbox.holds());
    worker.child.kill('SIGKILL');
    await worker.ended;
    sandbox.release(fate);
    await site.startWorker();
    return site.verdict(handle);
  });
}

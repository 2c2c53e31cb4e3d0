import type { ProviderCase } from '../../../support/providers/provider-case.ts';
import { eventually } from '../../../support/eventually.ts';
import { openBlockingSandbox, type Fate, type KillPoint } from '../blocking-sandbox.ts';
import { nameOf, ROWS } from '../kill-points.ts';
import { withProcessEnv } from '../process-env.ts';

export interface KilledAt {
  provider: ProviderCase;
  moments: readonly KillPoint[];
  fate: Fate;
}

/** One run whose only worker is killed at each of these moments, while a request is in progress. */
export async function killedAt({ provider, moments, fate }: KilledAt): Promise<string[]> {
  const sandbox = await openBlockingSandbox(1, 600);
  const options = { name: 'killed-at', provider, rows: ROWS, sandbox };
  return withProcessEnv(options, async (site) => {
    const handle = await site.startRun();
    for (const moment of moments) {
      sandbox.waitFor(moment, async () => (await site.step())?.type ?? null);
      const worker = await site.startWorker();
      await eventually(nameOf(moment), () => sandbox.holds());
      worker.child.kill('SIGKILL');
      await worker.ended;
      sandbox.release(fate);
    }
    await site.startWorker();
    return site.verdict(handle);
  });
}

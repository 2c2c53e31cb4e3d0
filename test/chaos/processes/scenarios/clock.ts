import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ProviderCase } from '../../../support/providers/provider-case.ts';
import { withProcessEnv } from '../process-env.ts';
import { untilItWaits } from './waiting.ts';

const HOUR_MS = 3_600_000;
const PRELOAD = new URL('../shifted-clock.mjs', import.meta.url).href;

/** The clock of the worker's machine jumps by hours while it waits; the deadline is in 50 minutes. */
export const jumpingClock = (provider: ProviderCase): Promise<string[]> =>
  withProcessEnv({ name: 'clock', provider, rows: 40, speed: 30 }, async (site) => {
    const file = join(site.folder, 'clock-shift');
    await writeFile(file, '0');
    const env = { NODE_OPTIONS: `--import=${PRELOAD}`, CLOCK_SHIFT_FILE: file };
    await site.startWorker(env);
    const handle = await site.startRun();
    await untilItWaits(site);
    for (const shiftMs of [HOUR_MS, -HOUR_MS]) {
      await writeFile(file, String(shiftMs));
      // Some polls long.
      await sleep(1_500);
    }
    return site.verdict(handle);
  });

import { appendFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { ProviderCase } from '../../../support/providers/provider-case.ts';
import { newDisk } from '../../../store/place.ts';
import { withProcessEnv } from '../process-env.ts';
import { untilItSays, untilItWaits } from './waiting.ts';

const BLOCK = Buffer.alloc(4_096, 'x');

/** Writes until the disk is full. */
function fill(path: string): void {
  try {
    for (;;) appendFileSync(path, BLOCK);
  } catch {
    // Full.
  }
}

/** The store's disk is full when results come; it goes on after room was made. */
export async function fullDisk(provider: ProviderCase): Promise<string[] | 'skipped'> {
  const disk = newDisk(1_024);
  if (disk === null) return 'skipped';
  return withProcessEnv(
    { name: 'full', provider, rows: 40, speed: 20, store: disk.path },
    async (site) => {
      await site.startWorker();
      const handle = await site.startRun();
      await untilItWaits(site);
      const filler = join(disk.path, 'filler');
      fill(filler);
      await untilItSays(site, 'store_full');
      rmSync(filler);
      return site.verdict(handle);
    },
  );
}

/** The store's disk is read-only when results come; it goes on when it can be written again. */
export async function readOnlyDisk(provider: ProviderCase): Promise<string[] | 'skipped'> {
  const disk = newDisk(1_024);
  if (disk === null) return 'skipped';
  return withProcessEnv(
    { name: 'read-only', provider, rows: 40, speed: 20, store: disk.path },
    async (site) => {
      await site.startWorker();
      const handle = await site.startRun();
      await untilItWaits(site);
      disk.makeReadOnly();
      await untilItSays(site, 'store_unwritable');
      disk.makeWritable();
      return site.verdict(handle);
    },
  );
}

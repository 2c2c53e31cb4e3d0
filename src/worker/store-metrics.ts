import type { StatsFs } from 'node:fs';
import { opendir, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { Gauge, type Registry } from '@prometheus-io/client';

/** Time limit, so that a stalled disk does not block a scrape, in ms. */
const DISK_ANSWERS_MS = 2_000;
const COUNT_EVERY_MS = 10 * 60_000;
/** Maximum files of one count; the rest is left out. */
const MAX_FILES = 200_000;

/** Measures the size of the store and of its disk; 0 if the disk does not answer. */
export function storeMetrics(registry: Registry, store: string): void {
  const diskGauge = (name: string, help: string, bytesOf: (disk: StatsFs) => number): void => {
    new Gauge({
      name,
      help,
      registers: [registry],
      async collect() {
        const disk = await diskOf(store);
        this.set(disk === null ? 0 : bytesOf(disk));
      },
    });
  };
  diskGauge('rowmill_store_free_bytes', 'Room left on the disk of the store.', (disk) => {
    return disk.bavail * disk.bsize;
  });
  diskGauge('rowmill_store_disk_bytes', 'Size of the disk of the store.', (disk) => {
    return disk.blocks * disk.bsize;
  });
  const size = countedSize(store);
  new Gauge({
    name: 'rowmill_store_bytes',
    help: 'Size of the files of the store, counted every 10 minutes.',
    registers: [registry],
    async collect() {
      this.set(await size());
    },
  });
}

async function diskOf(store: string): Promise<StatsFs | null> {
  return withinMs(
    DISK_ANSWERS_MS,
    statfs(store).catch(() => null),
    null,
  );
}

/** Returns the last count; a long count continues beside the scrapes. */
function countedSize(store: string): () => Promise<number> {
  let bytes = 0;
  let counting: Promise<void> | null = null;
  let countedAtMs = -Infinity;
  const count = async (): Promise<void> => {
    bytes = await sizeOf(store).catch(() => 0);
    countedAtMs = performance.now();
    counting = null;
  };
  return async () => {
    if (counting === null && performance.now() - countedAtMs >= COUNT_EVERY_MS) counting = count();
    if (counting !== null) await withinMs(DISK_ANSWERS_MS, counting, undefined);
    return bytes;
  };
}

/** Sequential, so that a count does not disturb the steps of runs. */
async function sizeOf(root: string): Promise<number> {
  let bytes = 0;
  let files = 0;
  const folders = [root];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    // The folder or file may be gone.
    const entries = await opendir(folder).catch(() => []);
    for await (const entry of entries) {
      if (files >= MAX_FILES) return bytes;
      const path = join(folder, entry.name);
      if (entry.isDirectory()) folders.push(path);
      if (!entry.isFile()) continue;
      files += 1;
      bytes += (await stat(path).catch(() => ({ size: 0 }))).size;
    }
  }
  return bytes;
}

async function withinMs<T>(ms: number, work: Promise<T>, otherwise: T): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<T>((resolve) => {
    timer = setTimeout(() => resolve(otherwise), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

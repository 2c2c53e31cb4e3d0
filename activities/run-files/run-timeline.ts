import { z } from 'zod';
import type { ScanResult } from '../../src/contract/results.ts';
import type { TableProgress } from '../../src/contract/table.ts';
import { RowmillError } from '../../src/errors.ts';
import { MAX_READINGS, type Reading } from '../../src/report/facts.ts';
import type { Folder } from '../../src/store/store.ts';

/** Readings and scans of a run over time, for its report. */
export interface RunTimeline {
  /** Readings in the order of time. */
  readings: Reading[];
  scans: ScanNote[];
}

/** Repairs that a scan of the table found. */
export interface ScanNote {
  scan: number;
  /** Epoch ms. */
  atMs: number;
  /** Failed cells of before that have an answer. */
  repaired: number;
}

const FILE = 'course.json';

const number = z.number();
const shape = z.object({
  readings: z.array(
    z.object({
      atMs: number,
      total: number,
      done: number,
      inProgress: number,
      failed: number.nullable(),
    }),
  ),
  scans: z.array(z.object({ scan: number, atMs: number, repaired: number })),
}) satisfies z.ZodType<RunTimeline>;

/**
 * Reads the timeline of a run; empty where nothing was recorded.
 * @throws RowmillError `store_unreadable`
 */
export async function readTimeline(folder: Folder): Promise<RunTimeline> {
  if (!(await folder.exists(FILE))) return { readings: [], scans: [] };
  const parsed = shape.safeParse(await folder.readJson(FILE));
  if (parsed.success) return parsed.data;
  throw new RowmillError('store_unreadable', 'the file is not the timeline of a run', {
    where: folder.locate(FILE),
  });
}

export const readingOf = (progress: TableProgress, atMs: number): Reading => ({
  atMs,
  total: progress.cellsTotal,
  done: progress.cellsDone,
  inProgress: progress.cellsInProgress,
  failed: progress.cellsFailed,
});

/** Adds readings, and thins all of them evenly where they become too many. */
export async function recordReadings(folder: Folder, readings: readonly Reading[]): Promise<void> {
  if (readings.length === 0) return;
  const timeline = await readTimeline(folder);
  const all = [...timeline.readings, ...readings].sort((a, b) => a.atMs - b.atMs);
  await folder.writeJson(FILE, { ...timeline, readings: thinned(all) } satisfies RunTimeline);
}

/** Records a scan; of a scan that is repeated, the last time counts. */
export async function recordScan(
  folder: Folder,
  { scan, repaired }: Pick<ScanResult, 'scan' | 'repaired'>,
  atMs: number,
): Promise<void> {
  const timeline = await readTimeline(folder);
  const scans = [...timeline.scans.filter((note) => note.scan !== scan), { scan, atMs, repaired }];
  await folder.writeJson(FILE, { ...timeline, scans } satisfies RunTimeline);
}

/** Leaves out every second reading, never the last one, until few enough are left. */
export function thinned(readings: readonly Reading[], max = MAX_READINGS): Reading[] {
  let left = [...readings];
  while (left.length > max) left = left.filter((_, at) => at % 2 === 0 || at === left.length - 1);
  return left;
}

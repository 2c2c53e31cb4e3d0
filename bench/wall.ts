import { join } from 'node:path';
import { BASE_CASE, COLUMNS } from './cases.ts';
import type { Figure } from './figure.ts';
import { bareApi } from './naive/api.ts';
import { naiveRun } from './naive/script.ts';
import type { BenchOptions } from './options.ts';
import { companyName } from './site/pipeline.ts';
import { TOKEN, type Site } from './site/site.ts';
import { wholeRun } from './site/whole-run.ts';

/** Cells of 60 to 180 s go by in half a second: what is left is the work of the client. */
const FAST = { speed: 300, concurrency: 5_000, failRate: 0, alwaysFailsRate: 0 };
/** As often as rowmill polls at its default, so that the loop is not late by its own habit. */
const POLL_EVERY_MS = 2_000;

/** R19: a whole run by default, from a careful start, against a bare loop of one request after the other. */
export async function loopFigures(site: Site, { quick }: BenchOptions): Promise<Figure[]> {
  const rows = quick ? 10_000 : 50_000;
  const sandbox = await site.sandbox(FAST);
  const taskQueue = 'bench-wall';
  const worker = await site.worker({ taskQueue, apiUrl: sandbox.url });
  const run = await wholeRun(site, worker, { id: taskQueue, rows, taskQueue, its: BASE_CASE });
  await worker.stop();
  const beganMs = performance.now();
  await naiveRun(bareApi(sandbox.url, TOKEN), {
    rows: Array.from({ length: rows }, (_, at) => companyName(at)),
    columns: COLUMNS,
    file: join(site.folder, 'loop.jsonl'),
    pollEveryMs: POLL_EVERY_MS,
  });
  const loopMs = performance.now() - beganMs;
  await sandbox.stop();
  const seconds = (ms: number): string => (ms / 1_000).toFixed(1);
  return [
    {
      ratio: 'R19',
      what: `wall clock by default ÷ a bare sequential loop, ${rows / 1_000} k rows`,
      value: run.totalMs / loopMs,
      naive: 1,
      bar: 1.05,
      origin: 'measured',
      note: `${seconds(run.totalMs)} s ÷ ${seconds(loopMs)} s`,
    },
  ];
}

import { join } from 'node:path';
import type { FaultScript } from '../sandbox/index.ts';
import { BASE_CASE, COLUMNS } from './cases.ts';
import type { Figure } from './figure.ts';
import { bareApi } from './naive/api.ts';
import { naiveRun } from './naive/script.ts';
import type { BenchOptions } from './options.ts';
import { companyName } from './site/pipeline.ts';
import { TOKEN, type Site } from './site/site.ts';
import { wholeRun } from './site/whole-run.ts';
import { FAST } from './runs.ts';

/** Interval of rowmill's polls at its default, so that the loop is not late by its own habit. */
const POLL_EVERY_MS = 2_000;

/** A distance between client and API; the sandbox itself answers within milliseconds. */
const DISTANCE_MS = 100;
const FAR: FaultScript = { requests: [{ on: '* /**', fault: 'delay', ms: DISTANCE_MS }] };

/** R19: a whole run by default, from a careful start, against a bare loop of one request after the other. */
export async function loopFigures(site: Site, { quick }: BenchOptions): Promise<Figure[]> {
  const near = await besideLoop(site, 'near', { rows: quick ? 10_000 : 50_000 });
  const far = await besideLoop(site, 'far', { rows: 10_000, faults: FAR });
  const figure = (where: string, { rows, runMs, loopMs }: Timed): Figure => ({
    ratio: 'R19',
    what: `wall clock by default ÷ a bare sequential loop, ${rows / 1_000} k rows${where}`,
    value: runMs / loopMs,
    naive: 1,
    bar: 1.05,
    origin: 'measured',
    note: `${seconds(runMs)} s ÷ ${seconds(loopMs)} s`,
  });
  return [figure('', near), figure(`, ${DISTANCE_MS} ms away`, far)];
}

interface Timed {
  rows: number;
  runMs: number;
  loopMs: number;
}

async function besideLoop(
  site: Site,
  name: string,
  { rows, faults }: { rows: number; faults?: FaultScript },
): Promise<Timed> {
  const sandbox = await site.sandbox({ ...FAST, ...(faults === undefined ? {} : { faults }) });
  const taskQueue = `bench-wall-${name}`;
  const worker = await site.worker({ taskQueue, apiUrl: sandbox.url });
  const run = await wholeRun(site, worker, { id: taskQueue, rows, taskQueue, its: BASE_CASE });
  await worker.stop();
  const beganMs = performance.now();
  await naiveRun(bareApi(sandbox.url, TOKEN), {
    rows: Array.from({ length: rows }, (_, at) => companyName(at)),
    columns: COLUMNS,
    file: join(site.folder, `loop-${name}.jsonl`),
    pollEveryMs: POLL_EVERY_MS,
  });
  const loopMs = performance.now() - beganMs;
  await sandbox.stop();
  return { rows, runMs: run.totalMs, loopMs };
}

const seconds = (ms: number): string => (ms / 1_000).toFixed(1);

import { join } from 'node:path';
import { stageRows } from '../src/client/pipelines/stage.ts';
import { startRun } from '../src/client/runs/start.ts';
import { createFileStore } from '../src/store/disk/file-store.ts';
import type { Figure } from './figure.ts';
import { median } from './quantile.ts';
import { pollLagSeconds } from './site/poll-lag.ts';
import { benchPipeline } from './site/pipeline.ts';
import type { OwnWorker } from './site/processes.ts';
import type { Site } from './site/site.ts';
import { CALM, endAll, pause, starter, untilWaiting } from './waiting-runs.ts';

const ROWS = 500;
const TRIES = 3;
const WAITING = [100, 1_000] as const;
/** Their first readings are over, and their polls spread. */
const SETTLE_MS = 30_000;
const PATIENCE_MS = 120_000;

/** R21: from the start of a run to its cells, beside so many waiting runs ÷ alone, all by default. */
export async function besideFigures(site: Site, { quick }: { quick: boolean }): Promise<Figure[]> {
  const taskQueue = 'bench-beside';
  const sandbox = await site.sandbox(CALM);
  const worker = await site.worker({ taskQueue, apiUrl: sandbox.url });
  const startWaiting = await starter(site, taskQueue);
  const startMs = await timedStart(site, taskQueue);
  // The first one opens connections, and learns the pace.
  await startMs('warm-up');
  const alone = await someStarts(startMs, 'alone');
  const ids: string[] = [];
  const figures: Figure[] = [];
  for (const runs of quick ? WAITING.slice(0, 1) : WAITING) {
    const more = Array.from({ length: runs - ids.length }, (_, at) => `waits-${ids.length + at}`);
    ids.push(...more);
    await startWaiting(more);
    const waiting = await untilWaiting(site, runs);
    await pause(SETTLE_MS);
    const beside = await someStarts(startMs, `beside-${runs}`);
    figures.push(await figureOf({ runs: waiting, beside, alone, worker }));
  }
  await worker.stop();
  await endAll(site, ids);
  return figures;
}

interface Started {
  runs: number;
  beside: number[];
  alone: number[];
  worker: OwnWorker;
}

async function figureOf({ runs, beside, alone, worker }: Started): Promise<Figure> {
  const lag = await pollLagSeconds(worker, 0.95);
  const seconds = (each: number[]): string => (median(each) / 1_000).toFixed(2);
  return {
    ratio: 'R21',
    what: `start of a run of ${ROWS} rows beside ${runs} waiting ones ÷ alone`,
    value: median(beside) / median(alone),
    bar: 1.5,
    origin: 'measured',
    note: `${seconds(beside)} s ÷ ${seconds(alone)} s; polls late by ${lag} s at p95`,
  };
}

type StartMs = (id: string) => Promise<number>;

async function someStarts(startMs: StartMs, id: string): Promise<number[]> {
  const all: number[] = [];
  for (let at = 0; at < TRIES; at += 1) all.push(await startMs(`${id}-${at}`));
  return all;
}

/** Starts a run and ends it when it waits for its cells; returns the time until then, ms. */
async function timedStart(site: Site, taskQueue: string): Promise<StartMs> {
  const pipeline = await benchPipeline(join(site.folder, 'beside'), ROWS, 'beside');
  const snapshot = await stageRows(pipeline, createFileStore(site.store));
  return async (id) => {
    const workflowId = `bench-beside-${id}`;
    await startRun(site.client, {
      input: { pipeline, snapshot, approved: true },
      taskQueue,
      workflowId,
      searchAttributes: true,
    });
    const ms = await untilCells(site, workflowId);
    await endAll(site, [workflowId]);
    return ms;
  };
}

async function untilCells(site: Site, workflowId: string): Promise<number> {
  const handle = site.client.workflow.getHandle(workflowId);
  const endMs = performance.now() + PATIENCE_MS;
  for (;;) {
    const { events } = await handle.fetchHistory();
    const atMs = (of: typeof first): number =>
      Number(of?.eventTime?.seconds ?? 0) * 1_000 + (of?.eventTime?.nanos ?? 0) / 1e6;
    const [first] = events ?? [];
    const wait = events?.find(
      (event) => event.activityTaskScheduledEventAttributes?.activityType?.name === 'awaitIdle',
    );
    if (wait !== undefined) return atMs(wait) - atMs(first);
    if (performance.now() > endMs) throw new Error(`${workflowId} does not start`);
    await pause(100);
  }
}

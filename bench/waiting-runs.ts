import { join } from 'node:path';
import { startRun } from '../src/client/runs/start.ts';
import { stageRows } from '../src/client/pipelines/stage.ts';
import { createFileStore } from '../src/store/disk/file-store.ts';
import type { Figure } from './figure.ts';
import { peakDuring } from './site/memory.ts';
import { benchPipeline } from './site/pipeline.ts';
import { pollLagSeconds } from './site/poll-lag.ts';
import type { Site } from './site/site.ts';

/** Cells of ten hours: nothing ends while it is measured. */
const FOR_EVER = { min: 36_000_000, max: 36_000_000 };
export const CALM = {
  speed: 1,
  concurrency: 5_000,
  failRate: 0,
  alwaysFailsRate: 0,
  cellMs: FOR_EVER,
};

const HOLD_MS = 30_000;
const PATIENCE_MS = 300_000;
const AT_ONCE = 20;
const MAX_BYTES = 512 * 2 ** 20;

/** R15 asks for the first of them; each of the others is tried when the one before was held. */
const STEPS = [500, 1_000, 2_000] as const;

/** Number of runs that waited, the most that the worker took meanwhile, and how late it polled. */
interface Held {
  runs: number;
  peakBytes: number;
  pollLag: string;
}

/** R15: so many runs wait on one worker at the product's own pace of polls; what it takes. */
export async function waitingFigures(site: Site, { quick }: { quick: boolean }): Promise<Figure[]> {
  const taskQueue = 'bench-waiting';
  const sandbox = await site.sandbox(CALM);
  // Above what the API would allow, so that they all get to the point where they wait.
  const worker = await site.worker({ taskQueue, apiUrl: sandbox.url, requestsPerSecond: 200 });
  const start = await starter(site, taskQueue);
  const ids: string[] = [];
  let held: Held | null = null;
  let beyond: Held | null = null;
  for (const runs of quick ? STEPS.slice(0, 1) : STEPS) {
    const more = Array.from({ length: runs - ids.length }, (_, at) => nameOf(ids.length + at));
    ids.push(...more);
    const { result: waiting, peakBytes } = await peakDuring(worker.pid, async () => {
      await start(more);
      const reached = await untilWaiting(site, runs);
      await pause(HOLD_MS);
      return reached;
    });
    if (peakBytes === null) break;
    const now = { runs: waiting, peakBytes, pollLag: await pollLagSeconds(worker, 0.95) };
    if (waiting < runs || peakBytes > MAX_BYTES) {
      beyond = now;
      break;
    }
    held = now;
  }
  await worker.stop();
  await endAll(site, ids);
  if (held === null && beyond === null) return [];
  return [
    {
      ratio: 'R15',
      what: 'runs that wait on one worker within 512 MiB',
      value: held?.runs ?? 0,
      unit: 'runs',
      better: 'high',
      bar: STEPS[0],
      stretch: STEPS[2],
      origin: 'measured',
      note: [held, beyond].flatMap((one) => (one === null ? [] : [inWords(one)])).join('; '),
    },
  ];
}

const nameOf = (nth: number): string => `bench-waiting-${nth}`;

const inWords = ({ runs, peakBytes, pollLag }: Held): string =>
  `${runs} runs in ${Math.round(peakBytes / 2 ** 20)} MiB, the peak, polls late by ${pollLag} s`;

/** Starts runs of these ids, all of the same two rows. */
export async function starter(
  site: Site,
  taskQueue: string,
): Promise<(ids: readonly string[]) => Promise<void>> {
  const pipeline = await benchPipeline(join(site.folder, 'waiting'), 2);
  const snapshot = await stageRows(pipeline, createFileStore(site.store));
  return (ids) =>
    someAtOnce(ids, (workflowId) =>
      startRun(site.client, {
        input: { pipeline, snapshot, approved: true },
        taskQueue,
        workflowId,
        searchAttributes: true,
      }),
    );
}

export async function someAtOnce(
  ids: readonly string[],
  work: (id: string) => Promise<unknown>,
): Promise<void> {
  const left = [...ids];
  const some = async (): Promise<void> => {
    for (let id = left.pop(); id !== undefined; id = left.pop()) await work(id);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, some));
}

/** Waits for so many waiting runs; returns fewer than asked for when the time is over. */
export async function untilWaiting(site: Site, runs: number): Promise<number> {
  const endMs = performance.now() + PATIENCE_MS;
  for (;;) {
    const query = 'RowmillStage = "running" AND ExecutionStatus = "Running"';
    const { count } = await site.client.workflow.count(query);
    if (count >= runs || performance.now() > endMs) return count;
    await pause(1_000);
  }
}

export const endAll = (site: Site, ids: readonly string[]): Promise<void> =>
  someAtOnce(ids, (id) => site.client.workflow.getHandle(id).terminate('measured'));

export const pause = (ms: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, ms));

import type { Client } from '@temporalio/client';
import { knownOf } from './live-progress.ts';
import type { RunInfo } from './list.ts';
import { noWorkerText, workerAvailability } from '../../temporal/task-queue.ts';

/** A listed run, with what the newest heartbeat of its step says. */
export interface FreshRun extends RunInfo {
  /** Cells without an answer now; of an ended run those it left open, `null` where nothing says. */
  openCells: number | null;
  /** Of a run under way that no worker serves: so, and what to do. */
  trouble: string | null;
}

/** Runs under way that are looked at; what is listed behind them keeps what the list says. */
const MAX_LOOKED_AT = 200;
const AT_ONCE = 20;

/**
 * Looks at each run under way: search attributes are written rarely, heartbeats every few seconds.
 * Asks the server only, so that it needs no worker.
 */
export async function freshRuns(client: Client, runs: readonly RunInfo[]): Promise<FreshRun[]> {
  const fresh = runs.map((run) => asListed(run));
  const queues = new Map<string, Promise<string | null>>();
  const troubleOf = (taskQueue: string): Promise<string | null> => {
    const trouble = queues.get(taskQueue) ?? troubleAt(client, taskQueue);
    queues.set(taskQueue, trouble);
    return trouble;
  };
  const under = [...fresh.entries()]
    .filter(([, { status }]) => status === 'RUNNING')
    .slice(0, MAX_LOOKED_AT);
  for (let from = 0; from < under.length; from += AT_ONCE) {
    await Promise.all(
      under.slice(from, from + AT_ONCE).map(async ([at, run]) => {
        fresh[at] = await lookedAt(client, run, troubleOf);
      }),
    );
  }
  return fresh;
}

/** A worker that polled of late, but not just now, counts as gone: a list does not wait for its answer. */
async function troubleAt(client: Client, taskQueue: string): Promise<string | null> {
  return (await workerAvailability(client, taskQueue)) === 'yes' ? null : noWorkerText(taskQueue);
}

const asListed = (run: RunInfo): FreshRun => ({
  ...run,
  openCells: run.status === 'RUNNING' ? null : run.failedCells,
  trouble: null,
});

async function lookedAt(
  client: Client,
  run: FreshRun,
  troubleOf: (taskQueue: string) => Promise<string | null>,
): Promise<FreshRun> {
  try {
    const handle = client.workflow.getHandle(run.workflowId, run.runId);
    const description = await handle.describe();
    const trouble = await troubleOf(description.taskQueue);
    const [step] = description.raw.pendingActivities ?? [];
    const name = step?.activityType?.name ?? '';
    const isHeld = run.stage !== null && HELD.test(run.stage);
    const stage = isHeld ? run.stage : (STAGE_OF[name] ?? run.stage);
    const cells = knownOf(description)?.cells ?? null;
    return {
      ...run,
      trouble,
      stage,
      progress: progressOf(run, stage, cells),
      openCells: cells === null ? null : Math.max(0, cells.total - cells.done),
    };
  } catch {
    // It has ended meanwhile, or the server is busy: the list itself is still true.
    return run;
  }
}

/** Said by the workflow, whatever step it waits in. */
const HELD = /^(waiting for|paused)/;

/** Stages by the step under way, of those that the list learns of late. */
const STAGE_OF: Readonly<Record<string, string>> = {
  ensureTable: 'creating table',
  loadRows: 'loading rows',
  startRun: 'starting run',
  awaitIdle: 'running',
  collectResults: 'collecting results',
  publishResults: 'publishing results',
};

const PASS = /pass \d+$/;

function progressOf(
  { progress }: RunInfo,
  stage: string | null,
  cells: { done: number; total: number } | null,
): string | null {
  if (stage !== 'running') return stage;
  const pass = PASS.exec(progress ?? '')?.[0] ?? 'pass 1';
  if (cells === null || cells.total === 0) return PASS.test(progress ?? '') ? progress : stage;
  return `${Math.floor((cells.done / cells.total) * 100)} %, ${pass}`;
}

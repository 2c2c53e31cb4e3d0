import type { Client } from '@temporalio/client';
import type { StepName } from '../../../contract/names.ts';
import type { Stage } from '../../../contract/run.ts';
import { mapAtOnce } from '../../../store/at-once.ts';
import { noWorkerText, workerAvailability } from '../../../temporal/task-queue.ts';
import type { RunInfo } from './list.ts';
import { knownOf } from './live-progress.ts';

/** Listed run with its newest heartbeat. */
export interface FreshRun extends RunInfo {
  /** Cells without an answer: now, or at the end of the run. `null` if unknown. */
  openCells: number | null;
  /** Remedy for a run in progress without a worker; else `null`. */
  trouble: string | null;
}

/** Maximum number of runs in progress that are described. Later ones keep the listed values. */
const MAX_DESCRIBED = 200;
const AT_ONCE = 20;

/**
 * Describes each run in progress, because search attributes are written rarely and heartbeats every
 * few seconds. Asks only the server, so it needs no worker.
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
    .slice(0, MAX_DESCRIBED);
  await mapAtOnce(under, AT_ONCE, async ([at, run]) => {
    fresh[at] = await describeOne(client, run, troubleOf);
  });
  return fresh;
}

/**
 * Counts a worker that polled lately, but not just now, as gone: a list must not wait for its
 * answer.
 */
async function troubleAt(client: Client, taskQueue: string): Promise<string | null> {
  return (await workerAvailability(client, taskQueue)) === 'yes' ? null : noWorkerText(taskQueue);
}

const asListed = (run: RunInfo): FreshRun => ({
  ...run,
  openCells: run.status === 'RUNNING' ? null : run.failedCells,
  trouble: null,
});

async function describeOne(
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
    const isWaiting = run.stage !== null && WAITING_STAGE.test(run.stage);
    const stage = isWaiting ? run.stage : (STAGE_OF.get(name) ?? run.stage);
    const cells = (await knownOf(client, description))?.cells ?? null;
    return {
      ...run,
      trouble,
      stage,
      progress: progressOf(run, stage, cells),
      openCells: cells === null ? null : Math.max(0, cells.total - cells.done),
    };
  } catch {
    // The run ended meanwhile, or the server is busy: keep the listed values.
    return run;
  }
}

/** Stages set by the workflow that take precedence over those of the step. */
const WAITING_STAGE = /^(waiting for|paused)/;

/** Stage for each step in progress whose stage reaches the list late. */
const STAGES: Readonly<Partial<Record<StepName, Stage>>> = {
  ensureTable: 'creating table',
  loadRows: 'loading rows',
  startPass: 'starting run',
  awaitIdle: 'running',
  collectResults: 'collecting results',
  publishResults: 'publishing results',
};

const STAGE_OF: ReadonlyMap<string, Stage> = new Map(Object.entries(STAGES));

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

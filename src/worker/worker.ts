import { NativeConnection, Worker } from '@temporalio/worker';
import { createActivities, createPollActivities } from '../../activities/index.ts';
import type { ActivityDeps } from '../../activities/runtime/deps.ts';
import { createDayBudgets } from '../client/budgets/day-budgets.ts';
import { runsInProgress } from '../client/runs/lookup/in-progress.ts';
import { cancelSender } from '../temporal/cancel-sender.ts';
import { confirmAttempt } from '../temporal/confirm-attempt.ts';
import { temporalTarget, type TargetOptions } from '../temporal/connection.ts';
import { encodingFailures, openClient } from '../temporal/data-converter.ts';
import { createPayloadCodec } from '../temporal/payload-codec.ts';
import { payloadKeysOf } from '../temporal/payload-keys.ts';
import { setFailureConverter } from '../temporal/sdk-workarounds.ts';
import type { Env } from './settings.ts';
import { pollQueueOf } from '../contract/names.ts';
import { RowmillError } from '../errors.ts';
import { createServerClock } from './server-clock.ts';
import { buildIdOf, workflowCode } from './workflow-code.ts';
import type { WorkerState } from '../process/readiness.ts';
import { workerIdentity } from '../process/worker-identity.ts';

export interface RowmillWorkerOptions {
  deps: ActivityDeps;
  taskQueue: string;
  target?: TargetOptions;
  /** Environment with the keys that encrypt what Temporal holds. @default none: no encryption */
  env?: Env;
  /** Prebuilt workflow bundle. @default the one beside the build, else built from source */
  bundlePath?: string;
  /** Time for steps in progress to finish when the worker is asked to stop. @default 20000 */
  shutdownGraceMs?: number;
  /** Time after which the worker stops waiting for them. @default 60000 */
  shutdownForceMs?: number;
  /** Maximum waiting runs of this worker at once. @default 2000 */
  waitingRuns?: number;
}

export interface RunningWorker {
  taskQueue: string;
  state(): WorkerState;
  /** True while both queues are polled for work. */
  isPolling(): boolean;
  /** Lets steps in progress finish within the grace time; resolves when everything has ended. */
  stop(): Promise<void>;
  /** Resolves when both queues have ended; rejects if the worker failed. */
  done: Promise<void>;
}

/**
 * Short steps: often enough for a heartbeat time-out of 30 s. Polls: often enough for a live view.
 */
const HEARTBEAT_THROTTLE = { short: '5s', polls: '2s' } as const;

/**
 * Maximum cached runs: those between two of their steps. A run that waits is evicted, and replays some
 * dozen events at the end of its slice.
 */
const CACHED_RUNS = 100;

/** Maximum workflow tasks at once, for one thread. More of them only take memory, which stays taken. */
const WORKFLOW_TASKS_AT_ONCE = 10;

/**
 * Maximum short steps. Loads and scans keep a batch or a page in memory and wait for the rate
 * limit, which alternates between them. With few slots, small runs waited for forty large loads.
 */
const SHORT_STEPS_AT_ONCE = 400;

/**
 * Starts a worker with two task queues: workflows with short steps, and the long waits, which are
 * many and cheap. It fails if either queue fails.
 */
export async function startWorker(options: RowmillWorkerOptions): Promise<RunningWorker> {
  const target = temporalTarget(options.target ?? {});
  const env = options.env ?? {};
  const keys = payloadKeysOf(env);
  const connection = await connect(target);
  const clock = createServerClock();
  const client = openClient({ connection, namespace: target.namespace }, env);
  const deps: ActivityDeps = {
    budgets: createDayBudgets(client, options.taskQueue),
    inProgress: (ids) => runsInProgress(client, ids),
    cancelSender: (workflowId, runId) => cancelSender(client, workflowId, runId),
    confirmAttempt: (taskToken, details) => confirmAttempt(client, taskToken, details),
    ...options.deps,
    now: options.deps.now ?? clock.now,
  };
  const shared = {
    connection,
    identity: workerIdentity(),
    interceptors: { activity: [clock.interceptor] },
    namespace: target.namespace,
    dataConverter: { payloadCodecs: [createPayloadCodec(keys, { marksLocked: true })] },
    shutdownForceTime: options.shutdownForceMs ?? 60_000,
  };
  try {
    const workflowBundle = await workflowCode(options.bundlePath, keys.length > 0);
    const workers = await Promise.all([
      Worker.create({
        ...shared,
        workflowBundle,
        workerDeploymentOptions: {
          useWorkerVersioning: false,
          version: { deploymentName: 'rowmill', buildId: buildIdOf(workflowBundle.code) },
        },
        taskQueue: options.taskQueue,
        activities: createActivities(deps),
        shutdownGraceTime: options.shutdownGraceMs ?? 20_000,
        maxConcurrentActivityTaskExecutions: SHORT_STEPS_AT_ONCE,
        maxConcurrentWorkflowTaskExecutions: WORKFLOW_TASKS_AT_ONCE,
        maxCachedWorkflows: CACHED_RUNS,
        maxHeartbeatThrottleInterval: HEARTBEAT_THROTTLE.short,
      }),
      Worker.create({
        ...shared,
        taskQueue: pollQueueOf(options.taskQueue),
        activities: createPollActivities(deps),
        // A wait can take hours and loses nothing when interrupted: the next worker continues from
        // the newest heartbeat a second later.
        shutdownGraceTime: 0,
        maxConcurrentActivityTaskExecutions: options.waitingRuns ?? 2_000,
        maxHeartbeatThrottleInterval: HEARTBEAT_THROTTLE.polls,
      }),
    ]);
    if (keys.length > 0) {
      for (const worker of workers) setFailureConverter(worker, encodingFailures());
    }
    return watch(workers, connection, options.taskQueue);
  } catch (error) {
    await connection.close();
    throw error;
  }
}

async function connect(target: ReturnType<typeof temporalTarget>): Promise<NativeConnection> {
  try {
    const { address, tls, apiKey, metadata } = target.connectionOptions;
    return await NativeConnection.connect({
      ...(address === undefined ? {} : { address }),
      ...(tls === undefined || tls === null ? {} : { tls }),
      ...(typeof apiKey === 'string' ? { apiKey } : {}),
      ...(metadata === undefined ? {} : { metadata }),
    });
  } catch (cause) {
    throw new RowmillError('temporal_unreachable', 'no Temporal server answers', {
      where: target.address,
      cause,
    });
  }
}

function watch(workers: Worker[], connection: NativeConnection, taskQueue: string): RunningWorker {
  let state: WorkerState = 'running';
  const stopAll = (): void => {
    if (state === 'running') state = 'draining';
    for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
  };
  const runs = workers.map((worker) =>
    worker.run().finally(() => {
      // One queue without the other would leave runs stalled.
      stopAll();
    }),
  );
  const done = Promise.all(runs).then(
    () => void (state = 'stopped'),
    (error: unknown) => {
      state = 'failed';
      throw error;
    },
  );
  const closed = done.finally(() => connection.close());
  closed.catch(() => undefined);
  return {
    taskQueue,
    state: () => state,
    isPolling: () => workers.every((worker) => worker.getState() === 'RUNNING'),
    stop: async () => {
      stopAll();
      await closed.catch(() => undefined);
    },
    done: closed,
  };
}

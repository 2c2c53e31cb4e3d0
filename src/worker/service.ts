import type { Client } from '@temporalio/client';
import type { Logger } from '@temporalio/worker';
import type { ActivityDeps } from '../../activities/runtime/deps.ts';
import { connectTemporal, requireNamespace, type TemporalLink } from '../temporal/connection.ts';
import { openClient } from '../temporal/data-converter.ts';
import type { Store } from '../store/store.ts';
import { onFreePorts } from '../process/ports.ts';
import { RowmillError } from '../errors.ts';
import { createWorkerDeps, unusableProviders, type WorkerDeps } from './deps.ts';
import { startHealthServer } from './health-server.ts';
import { installRuntime } from './runtime.ts';
import { jsonLogger } from '../process/logging.ts';
import { watchMissedNights } from './missed-nights.ts';
import { failOrphanedSteps } from './orphaned-steps.ts';
import { createMetrics, type WorkerMetrics } from './metrics.ts';
import { paceLog } from './pace-log.ts';
import { createReadiness } from '../process/readiness.ts';
import { askTemporal, registerSearchAttributes } from './server-checks.ts';
import type { Env, WorkerSettings } from './settings.ts';
import { startWorker, type RunningWorker } from './worker.ts';

export interface WorkerServiceOptions {
  settings: WorkerSettings;
  /** Tokens, base URLs and `TEMPORAL_*`. */
  env: Env;
  /** User agent of requests to the providers. */
  userAgent?: string;
}

export interface WorkerService {
  /** Address of `/live`, `/ready` and `/metrics`. */
  healthUrl: string;
  /**
   * Marks the worker not ready; resolves when the steps in progress are done and everything is
   * closed.
   */
  stop(reason: string): Promise<void>;
  /** Resolves when the worker has ended; rejects if it failed. */
  done: Promise<void>;
}

/**
 * Starts the worker process of a deployment: logs, metrics and health around `startWorker`. It is
 * live, but not ready, before it connects. Installs the SDK's runtime for this process.
 * @throws RowmillError `temporal_unreachable`, `temporal_unsupported`, `port_in_use`, `store_…`,
 * `usage`
 */
export async function startWorkerService(options: WorkerServiceOptions): Promise<WorkerService> {
  const { settings, env } = options;
  const logger = jsonLogger(settings.logLevel);
  let coreMetricsPort: number | null = null;
  let worker: RunningWorker | null = null;
  let link: TemporalLink | null = null;

  const metrics = createMetrics({
    isReady: () => worker?.isPolling() ?? false,
    store: settings.store,
    coreUrl: () =>
      coreMetricsPort === null ? null : `http://127.0.0.1:${coreMetricsPort}/metrics`,
  });
  const deps = depsOf(options, metrics, logger);
  const readiness = createReadiness({
    worker: () => stateOf(worker),
    needs: { temporal: () => askTemporal(link), store: () => deps.store.checkWritable() },
  });
  const health = await startHealthServer({
    host: settings.healthHost,
    port: settings.healthPort,
    live: () => worker?.state() !== 'failed',
    ready: () => readiness.read(),
    metrics,
  });
  const close = async (): Promise<void> => {
    await health.close();
    await deps.leavePaces();
    await link?.connection.close();
  };

  try {
    refuseMisconfigured(deps);
    await storeAnswers(deps.store);
    link = await connectTemporal({ env: { ...env } });
    await requireNamespace(link);
    if (deps.searchAttributes) deps.searchAttributes = await registerSearchAttributes(link, logger);
    coreMetricsPort = await onFreePorts(['free'], ([port = 0]) => {
      installRuntime({ logger, coreMetricsPort: port });
      return port;
    });
    worker = await startWorker({
      deps,
      taskQueue: settings.taskQueue,
      target: { env: { ...env } },
      env,
      shutdownGraceMs: settings.shutdownGraceMs,
      shutdownForceMs: settings.shutdownForceMs,
      ...(settings.bundlePath === null ? {} : { bundlePath: settings.bundlePath }),
    });
  } catch (error) {
    await close();
    throw error;
  }
  tellUnusable(deps, env, logger);
  logger.info('worker started', {
    taskQueue: settings.taskQueue,
    temporal: link.address,
    namespace: link.namespace,
    store: deps.store.location,
    health: health.url,
  });

  const running = worker;
  const client = openClient(link, env);
  const nights = watchMissedNights(client, deps.store, settings.taskQueue, logger);
  void goOnSooner(client, settings.taskQueue, logger);
  const done = running.done
    .catch((error: unknown) => Promise.reject(broken(error)))
    .finally(() => {
      nights.stop();
      return close();
    });
  done.then(
    () => void logger.info('worker stopped'),
    (error: unknown) => void logger.error('worker broke', { error }),
  );
  return {
    healthUrl: health.url,
    done,
    stop: async (reason) => {
      logger.info(`worker drains: ${reason}`);
      await running.stop();
      await done.catch(() => undefined);
    },
  };
}

function depsOf(options: WorkerServiceOptions, metrics: WorkerMetrics, logger: Logger): WorkerDeps {
  const logLook = paceLog(logger);
  const { settings, env, userAgent } = options;
  return createWorkerDeps({
    env,
    store: settings.store,
    // A client that may start workflows need not be the operator of the worker.
    roots: [process.cwd()],
    searchAttributes: settings.searchAttributes,
    onEvent: (event) => metrics.onEvent(event),
    onLook: (look) => {
      metrics.onLook(look);
      logLook(look);
    },
    hooks: {
      onResponse: (response) => metrics.onResponse(response),
      ...(userAgent === undefined ? {} : { userAgent }),
    },
  });
}

/** Lets runs of a killed worker go on; where that fails, they go on after their heartbeat time-out. */
async function goOnSooner(client: Client, taskQueue: string, logger: Logger): Promise<void> {
  try {
    const steps = await failOrphanedSteps(client, taskQueue);
    if (steps > 0) logger.info(`steps of a killed worker go on: ${steps}`);
  } catch (error) {
    logger.warn('steps of a killed worker were not looked for', { error: String(error) });
  }
}

/** Logs providers without a token, unless another one is usable. */
function tellUnusable(deps: ActivityDeps, env: Env, logger: Logger): void {
  const { providers } = deps;
  const unusable = unusableProviders(deps);
  const none = unusable.size === providers.names.length;
  for (const [provider, { code, message, remedy }] of unusable) {
    const wanted = Boolean(env[providers.spec(provider).tokenVariable]?.trim());
    const level = wanted || none ? 'WARN' : 'INFO';
    logger.log(level, `runs of ${provider} will fail: ${message}. ${remedy}`, { code });
  }
}

const broken = (cause: unknown): RowmillError => {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new RowmillError('temporal_unreachable', `the worker broke: ${why}`, {
    remedy: 'Start it again; runs wait for it and lose nothing.',
    cause,
  });
};

function stateOf(worker: RunningWorker | null) {
  if (worker === null) return 'starting';
  const state = worker.state();
  return state === 'running' && !worker.isPolling() ? 'not polling' : state;
}

/** Rejects settings that no run could work with. A missing token may still come with a restart. */
function refuseMisconfigured(deps: ActivityDeps): void {
  for (const error of unusableProviders(deps).values()) if (error.code === 'usage') throw error;
}

/** Checks the store; a stalled disk is reported like an unwritable one. */
async function storeAnswers(store: Store): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const timedOut = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const what = `the store does not answer within ${STORE_PROBE_MS / 1000} s`;
      reject(new RowmillError('store_unreadable', what, { where: store.location }));
    }, STORE_PROBE_MS);
  });
  try {
    await Promise.race([store.checkWritable(), timedOut]);
  } finally {
    clearTimeout(timer);
  }
}

const STORE_PROBE_MS = 15_000;

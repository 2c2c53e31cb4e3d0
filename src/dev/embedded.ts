import { join, resolve } from 'node:path';
import type { Client } from '@temporalio/client';
import { connectTemporal, type TargetOptions } from '../temporal/connection.ts';
import { openClient } from '../temporal/data-converter.ts';
import { RowmillError } from '../errors.ts';
import type { Store } from '../store/store.ts';
import { createWorkerDeps, refuseUnusable } from '../worker/deps.ts';
import { workerSettings, type Env } from '../worker/settings.ts';
import { failOrphanedSteps } from '../worker/orphaned-steps.ts';
import type { PortChoice } from '../process/ports.ts';
import { startTemporalServer, type TemporalServer } from './temporal/server.ts';

export interface EmbeddedOptions {
  /** Folder of all state; a later call with the same folder continues it. @default '.rowmill' */
  folder?: string;
  /** The worker's environment: tokens, base URLs, `ROWMILL_*`. @default process.env */
  env?: Env;
  /** Provider whose token is checked before anything is started. @default any provider */
  provider?: string;
  /** Port of Temporal. @default 'free' */
  port?: PortChoice;
  /** The Temporal UI: on its usual port or the next free one, on this port, or none. @default true */
  ui?: boolean | PortChoice;
  /** Address of the remote codec that the UI decodes with. @default none */
  uiCodec?: string | undefined;
  /** @default 'default' */
  namespace?: string;
  /** Receives progress lines about slow steps. @default standard error */
  say?: (line: string) => void;
  /** User agent of requests to the provider. */
  userAgent?: string;
  /**
   * Without a worker until `serve` asks for one: runs of the folder stay asleep.
   * @default false: a worker serves the task queue of the environment from the start
   */
  asleep?: boolean;
  /**
   * Task queue whose worker comes up while the caller goes on; `serve` waits for it. @default none
   */
  soon?: string;
}

/** Embedded Temporal server and worker. */
export interface Embedded {
  client: Client;
  /** Address of its server, for other clients of this process. */
  target: TargetOptions;
  /** `host:port`. */
  address: string;
  namespace: string;
  /** Address like `http://127.0.0.1:8233`; `null` without UI. */
  uiUrl: string | null;
  store: Store;
  taskQueue: string;
  /** Log file of the worker. */
  logFile: string;
  /** Resolves with an error when the server or a worker ends by itself; never rejects. */
  broken: Promise<RowmillError>;
  /**
   * Starts a worker for one task queue, once: the runs of that queue continue.
   * @throws RowmillError `token_missing`, `base_url_invalid`
   */
  serve(taskQueue: string): Promise<void>;
  /** Ends the worker and, unless others use it, the server. Runs continue at the next start. */
  stop(): Promise<void>;
  /** Ends the worker, and leaves waiting for the end of the server to the next start in the folder. */
  leave(): Promise<void>;
}

/** Default UI port of Temporal's own development server. */
export const USUAL_UI_PORT = 8233;

/** The server has answered already, so only a busy machine can delay it, in ms. */
const CONNECT_TIMEOUT_MS = 30_000;

/** Short grace for steps in progress: they continue at the next start. */
const GRACE_MS = 1_000;
const FORCE_MS = 10_000;

/**
 * Starts everything a run needs on this machine, with its state in a folder. After a crash, the
 * same call continues where it was.
 * @throws RowmillError `token_missing`, `base_url_invalid`, `temporal_unavailable_here`,
 * `port_in_use`, `usage`
 */
export async function openEmbedded(options: EmbeddedOptions = {}): Promise<Embedded> {
  const { provider, asleep = false, soon } = options;
  const folder = resolve(options.folder ?? '.rowmill');
  const env = options.env ?? process.env;
  const settings = workerSettings({ ...env, ROWMILL_STORE: storeOf(env, folder) });
  const deps = workerDeps(options, env, settings.store);
  if (!asleep || provider !== undefined) refuseUnusable(deps, provider);
  await deps.store.checkWritable();

  // Loaded while the server starts, which takes longer.
  if (!asleep || soon !== undefined) loadWorker().catch(() => undefined);
  const server = await startServer(options, folder, env);
  const undo: (() => Promise<void>)[] = [];
  const served = new Map<string, Promise<void>>();
  let stopping: Promise<void> | null = null;
  let leaving = Promise.resolve();
  const close = async (endServer: () => Promise<void>): Promise<void> => {
    // A worker that is still coming up has to be ended as well.
    await Promise.allSettled(served.values());
    await inOrder([...undo.splice(0).reverse(), endServer, () => leaving]);
  };
  const stop = (): Promise<void> => (stopping ??= close(() => server.stop()));
  const logFile = join(folder, 'worker.log');
  const { broken, end } = failureOf(() => stopping !== null);
  void server.exited.then(() => end('the Temporal server ended', server.address));
  try {
    const { connection } = await connectTemporal({
      ...server.connect,
      timeoutMs: CONNECT_TIMEOUT_MS,
    });
    undo.push(() => connection.close());
    const client = openClient({ connection, namespace: server.namespace }, env);

    const start = async (taskQueue: string): Promise<void> => {
      refuseUnusable(deps, provider);
      const { installRuntime, jsonLogger, startWorker } = await loadWorker();
      installRuntime({ logger: jsonLogger('WARN', logFile) });
      const worker = await startWorker({
        deps,
        taskQueue,
        target: server.connect,
        env,
        shutdownGraceMs: GRACE_MS,
        shutdownForceMs: FORCE_MS,
        ...(settings.bundlePath === null ? {} : { bundlePath: settings.bundlePath }),
      });
      undo.push(
        () => {
          // It takes up to a second: as long as the server needs to end.
          leaving = deps.leavePaces();
          return Promise.resolve();
        },
        () => worker.stop(),
      );
      worker.done.then(
        () => end('the worker ended', logFile),
        (cause: unknown) => end('the worker broke', logFile, cause),
      );
      await failOrphanedSteps(client, taskQueue);
    };
    const serve = (taskQueue: string): Promise<void> => {
      const started = served.get(taskQueue) ?? start(taskQueue);
      served.set(taskQueue, started);
      return started;
    };
    if (!asleep) await serve(settings.taskQueue);
    if (soon !== undefined) serve(soon).catch(() => undefined);
    return {
      client,
      target: server.connect,
      address: server.address,
      namespace: server.namespace,
      uiUrl: server.uiUrl,
      store: deps.store,
      taskQueue: settings.taskQueue,
      logFile,
      broken,
      serve,
      stop,
      leave: () => (stopping ??= close(() => server.leave())),
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Loads the SDK's worker, which only a process that serves a queue needs. */
async function loadWorker() {
  const [{ installRuntime }, { jsonLogger }, { startWorker }] = await Promise.all([
    import('../worker/runtime.ts'),
    import('../process/logging.ts'),
    import('../worker/worker.ts'),
  ]);
  return { installRuntime, jsonLogger, startWorker };
}

function workerDeps({ userAgent }: EmbeddedOptions, env: Env, store: string) {
  const hooks = userAgent === undefined ? {} : { hooks: { userAgent } };
  return createWorkerDeps({ env, store, roots: null, searchAttributes: true, ...hooks });
}

function startServer(options: EmbeddedOptions, folder: string, env: Env): Promise<TemporalServer> {
  const { say, port, namespace, ui = true, uiCodec } = options;
  return startTemporalServer({
    dbFile: join(folder, 'temporal.db'),
    ui: uiPort(ui),
    uiCodec,
    env,
    ...(say === undefined ? {} : { say }),
    ...(port === undefined ? {} : { port }),
    ...(namespace === undefined ? {} : { namespace }),
  });
}

const uiPort = (ui: boolean | PortChoice): PortChoice | null =>
  typeof ui === 'boolean' ? (ui ? { from: USUAL_UI_PORT } : null) : ui;

/** Runs all steps in order, also after one fails, and then throws its error. */
async function inOrder([step, ...rest]: (() => Promise<void>)[]): Promise<void> {
  try {
    await step?.();
  } finally {
    if (rest.length > 0) await inOrder(rest);
  }
}

const storeOf = (env: Env, folder: string): string =>
  env['ROWMILL_STORE']?.trim() || join(folder, 'store');

/** Watches for the first unexpected end of a server or worker. */
function failureOf(wasAsked: () => boolean): {
  broken: Promise<RowmillError>;
  end: (what: string, where: string, cause?: unknown) => void;
} {
  const remedy = 'Start the same command again: it goes on where it was.';
  let settle: (error: RowmillError) => void = () => undefined;
  const broken = new Promise<RowmillError>((resolve) => (settle = resolve));
  const end = (what: string, where: string, cause?: unknown): void => {
    if (!wasAsked()) settle(new RowmillError('run_failed', what, { where, remedy, cause }));
  };
  return { broken, end };
}

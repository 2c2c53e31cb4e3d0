import { join, resolve } from 'node:path';
import { Client } from '@temporalio/client';
import { connectTemporal, type TargetOptions } from '../client/connection.ts';
import { RowmillError } from '../errors.ts';
import type { Store } from '../store/store.ts';
import { createWorkerDeps, refuseUnusable } from '../worker/deps.ts';
import { jsonLogger } from '../worker/logging.ts';
import { installRuntime } from '../worker/runtime.ts';
import { workerSettings, type Env } from '../worker/settings.ts';
import { startWorker } from '../worker/worker.ts';
import { releaseLostSteps } from './lost-steps.ts';
import type { PortChoice } from '../ports.ts';
import { startTemporalServer, type TemporalServer } from './temporal/server.ts';

export interface EmbeddedOptions {
  /** Where everything is kept; the same folder goes on where it was. @default '.rowmill' */
  folder?: string;
  /** The worker's environment: tokens, base URLs, `ROWMILL_*`. @default process.env */
  env?: Env;
  /** Its token must be there before anything is started. @default any provider's */
  provider?: string;
  /** Of Temporal. @default 'free' */
  port?: PortChoice;
  /** The Temporal UI: on its usual port or the next free one, on this port, or none. @default true */
  ui?: boolean | PortChoice;
  /** @default 'default' */
  namespace?: string;
  /** Lines for people about what takes long. @default standard error */
  say?: (line: string) => void;
  /** Sent to the provider. */
  userAgent?: string;
}

/** Temporal and a worker of our own, in this process and beside it. */
export interface Embedded {
  client: Client;
  /** The way to its server, for other clients of this process. */
  target: TargetOptions;
  /** `host:port`. */
  address: string;
  namespace: string;
  /** Such as `http://127.0.0.1:8233`; `null` without UI. */
  uiUrl: string | null;
  store: Store;
  taskQueue: string;
  /** What the worker had to say. */
  logFile: string;
  /** Settles when the server or the worker ends without being asked; never rejects. */
  broken: Promise<RowmillError>;
  /** Ends the worker and, unless others use it, the server. Runs go on at the next start. */
  stop(): Promise<void>;
}

/** Where Temporal's own development server has its UI. */
export const USUAL_UI_PORT = 8233;

/** It has answered already: all that can be in the way is a busy machine. */
const CONNECT_TIMEOUT_MS = 30_000;

/** Steps under way get little time: at the next start they go on where they were. */
const GRACE_MS = 1_000;
const FORCE_MS = 10_000;

/**
 * Everything a run needs on this machine, with its state in a folder: after a crash of all of it,
 * the same call goes on where it was.
 * @throws RowmillError `token_missing`, `base_url_invalid`, `temporal_unavailable_here`,
 *   `port_in_use`, `usage`
 */
export async function openEmbedded(options: EmbeddedOptions = {}): Promise<Embedded> {
  const { provider, userAgent } = options;
  const folder = resolve(options.folder ?? '.rowmill');
  const env = options.env ?? process.env;
  const settings = workerSettings({ ...env, ROWMILL_STORE: storeOf(env, folder) });
  const deps = createWorkerDeps({
    env,
    store: settings.store,
    searchAttributes: true,
    ...(userAgent === undefined ? {} : { hooks: { userAgent } }),
  });
  refuseUnusable(deps, provider);
  await deps.store.probe();

  const { say, port, namespace } = options;
  const server = await startTemporalServer({
    dbFile: join(folder, 'temporal.db'),
    ui: uiPort(options.ui ?? true),
    env,
    ...(say === undefined ? {} : { say }),
    ...(port === undefined ? {} : { port }),
    ...(namespace === undefined ? {} : { namespace }),
  });
  const undo: (() => Promise<void>)[] = [() => server.stop()];
  let stopping: Promise<void> | null = null;
  const stop = (): Promise<void> => (stopping ??= inOrder(undo.splice(0).reverse()));
  try {
    const { connection } = await connectTemporal({
      ...server.connect,
      timeoutMs: CONNECT_TIMEOUT_MS,
    });
    undo.push(() => connection.close());
    const logFile = join(folder, 'worker.log');
    installRuntime({ logger: jsonLogger('WARN', logFile) });
    const worker = await startWorker({
      deps,
      taskQueue: settings.taskQueue,
      target: server.connect,
      shutdownGraceMs: GRACE_MS,
      shutdownForceMs: FORCE_MS,
      ...(settings.bundlePath === null ? {} : { bundlePath: settings.bundlePath }),
    });
    undo.push(() => worker.stop());
    const client = new Client({ connection, namespace: server.namespace });
    await releaseLostSteps(client);
    return {
      client,
      target: server.connect,
      address: server.address,
      namespace: server.namespace,
      uiUrl: server.uiUrl,
      store: deps.store,
      taskQueue: settings.taskQueue,
      logFile,
      broken: brokenOf(server, worker.done, logFile, () => stopping !== null),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

const uiPort = (ui: boolean | PortChoice): PortChoice | null =>
  typeof ui === 'boolean' ? (ui ? { from: USUAL_UI_PORT } : null) : ui;

/** All of them, also when one fails; then with its error. */
async function inOrder([step, ...rest]: (() => Promise<void>)[]): Promise<void> {
  try {
    await step?.();
  } finally {
    if (rest.length > 0) await inOrder(rest);
  }
}

const storeOf = (env: Env, folder: string): string =>
  env['ROWMILL_STORE']?.trim() || join(folder, 'store');

function brokenOf(
  server: TemporalServer,
  worker: Promise<void>,
  logFile: string,
  wasAsked: () => boolean,
): Promise<RowmillError> {
  return new Promise((settle) => {
    const end = (what: string, where: string, cause?: unknown): void => {
      if (!wasAsked()) settle(new RowmillError('run_failed', what, { where, remedy, cause }));
    };
    const remedy = 'Start the same command again: it goes on where it was.';
    void server.exited.then(() => end('the Temporal server ended', server.address));
    worker.then(
      () => end('the worker ended', logFile),
      (cause: unknown) => end('the worker broke', logFile, cause),
    );
  });
}

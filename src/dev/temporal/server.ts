import { randomUUID } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { connectTemporal } from '../../temporal/connection.ts';
import { RowmillError } from '../../errors.ts';
import { acquireTemporalBinary, type AcquireOptions } from './acquire.ts';
import type { TemporalBinary } from './binary.ts';
import { launch, plainTarget, waitUntilServing, type LaunchPlan } from './launch.ts';
import { withLock } from './lock.ts';
import { onFreePorts, type PortChoice } from '../../process/ports.ts';
import { endProcess, markOf } from '../../process/process-mark.ts';
import { ensureSearchAttributes } from '../../temporal/search-attributes.ts';
import { GRACE_MS, handleOf, waitForExit, type TemporalServer } from './server-handle.ts';
import * as state from './server-state.ts';

export interface TemporalServerOptions extends AcquireOptions {
  /** Port of the server's gRPC. @default 'free' */
  port?: PortChoice;
  /** Port of the Temporal UI; `null`: no UI. @default null */
  ui?: PortChoice | null;
  /**
   * Database file of the runs; its folder is created. A server still running on it is reused.
   * Without a file the state is in memory, and the server ends with this process.
   */
  dbFile?: string;
  /** Address of the remote codec that the UI decodes with. @default none */
  uiCodec?: string | undefined;
  /** @default 'default' */
  namespace?: string;
  /** Dynamic configuration of the server, by its documented names. */
  dynamicConfig?: Readonly<Record<string, number | string | boolean>>;
  /** @default 60000 */
  startTimeoutMs?: number;
}

export type { TemporalServer } from './server-handle.ts';

/** Long, because many processes may start at once. */
const START_TIMEOUT_MS = 60_000;

/**
 * Time for a server left by a killed process to answer; then it counts as stalled and is ended.
 * Long for a busy machine.
 */
const ANSWERS_WITHIN_MS = 10_000;
/** Longer for a shared server: ending a merely slow one would break the runs of others. */
const SHARED_ANSWERS_WITHIN_MS = 20_000;

/** Grace for a server that did not answer. */
const HANGING_GRACE_MS = 1_500;

/**
 * Starts a Temporal server on loopback with rowmill's search attributes.
 * @throws RowmillError `temporal_unavailable_here`, `port_in_use`
 */
export async function startTemporalServer(
  options: TemporalServerOptions = {},
): Promise<TemporalServer> {
  if (options.dbFile === undefined) return startNew(options, null);
  const dbFile = resolve(options.dbFile);
  mkdirSync(dirname(dbFile), { recursive: true, mode: 0o700 });
  return withLock(`${dbFile}.lock`, async () => {
    const running = state.readServerState(dbFile);
    if (running !== null) {
      const again = await reuse(running, dbFile, options);
      if (again !== null) return again;
      await endProcess(running.server, running.ending ? GRACE_MS : HANGING_GRACE_MS);
    }
    return startNew(options, dbFile);
  });
}

/**
 * Returns `null` if the running server is unusable: it must end before a new one may open the file.
 */
async function reuse(
  running: state.ServerState,
  dbFile: string,
  options: TemporalServerOptions,
): Promise<TemporalServer | null> {
  const wantsUi = (options.ui ?? null) !== null;
  const lacksUi = wantsUi && running.ports.ui === null;
  if (running.ending || (lacksUi && state.othersOf(running).length === 0)) return null;
  const namespace = options.namespace ?? 'default';
  try {
    const target = plainTarget(running.ports.grpc, namespace);
    const isShared = state.othersOf(running).length > 0;
    const timeoutMs = isShared ? SHARED_ANSWERS_WITHIN_MS : ANSWERS_WITHIN_MS;
    const link = await connectTemporal({ ...target, timeoutMs });
    await link.connection.close();
    state.writeServerState(dbFile, state.withUs(running));
    const exited = waitForExit(running.server);
    const { server, ports } = running;
    const version = link.serverVersion;
    return handleOf({
      server,
      ports,
      namespace,
      dbFile,
      exited,
      version,
      logFile: null,
      reused: true,
    });
  } catch (error) {
    if (error instanceof RowmillError) return null;
    throw error;
  }
}

async function startNew(
  options: TemporalServerOptions,
  dbFile: string | null,
): Promise<TemporalServer> {
  const binary = await acquireTemporalBinary(options);
  const ui = options.ui ?? null;
  const wanted: PortChoice[] = [options.port ?? 'free', 'free', 'free', ...(ui ? [ui] : [])];
  // Sequential: a server that just lost its port to another own server would appear to serve,
  // because the other one answers.
  return withLock(STARTING, () =>
    onFreePorts(wanted, ([grpc = 0, http = 0, metrics = 0, uiPort]) =>
      startOnce(binary, options, dbFile, { grpc, http, metrics, ui: uiPort ?? null }),
    ),
  );
}

/** Lock of all processes of this user. */
const STARTING = join(tmpdir(), `rowmill-${userInfo().uid}-starting.lock`);

async function startOnce(
  binary: TemporalBinary,
  options: TemporalServerOptions,
  dbFile: string | null,
  ports: LaunchPlan['ports'],
): Promise<TemporalServer> {
  // Not named after a port: two concurrent starts may pick the same one, and the loser reads its
  // own log.
  const logFile =
    dbFile === null ? join(tmpdir(), `rowmill-temporal-${randomUUID()}.log`) : `${dbFile}.log`;
  const namespace = options.namespace ?? 'default';
  const dynamicConfig = options.dynamicConfig ?? {};
  const uiCodec = options.uiCodec ?? null;
  const plan: LaunchPlan = { binary, ports, dbFile, logFile, namespace, uiCodec, dynamicConfig };
  const { pid, child, exited } = await launch(plan);
  const server = markOf(pid);
  if (dbFile !== null) {
    // Written before it serves: this process may be killed while it waits.
    const startedAt = new Date().toISOString();
    const fresh = { server, users: [], ports, startedAt, ending: false };
    state.writeServerState(dbFile, state.withUs(fresh));
  }
  try {
    const link = await waitUntilServing(plan, child, options.startTimeoutMs ?? START_TIMEOUT_MS);
    // A database file of an older release lacks some of them.
    await ensureSearchAttributes(link.connection, namespace);
    await link.connection.close();
    const version = link.serverVersion;
    return handleOf({
      server,
      ports,
      namespace,
      dbFile,
      exited,
      version,
      logFile: dbFile === null ? logFile : null,
      reused: false,
    });
  } catch (error) {
    await endProcess(server, 0);
    if (dbFile === null) rmSync(logFile, { force: true });
    else state.removeServerState(dbFile);
    throw error;
  }
}

import { rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TargetOptions } from '../../temporal/connection.ts';
import { onExit } from './exit-hooks.ts';
import { plainTarget } from './launch.ts';
import { withLock } from './lock.ts';
import { LOOPBACK } from '../../process/ports.ts';
import { endProcess, isStill, sendSignal, type ProcessMark } from '../../process/process-mark.ts';
import * as state from './server-state.ts';

export interface ServerExit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

export interface TemporalServer {
  /** `host:port`. */
  address: string;
  namespace: string;
  /** Options for `connectTemporal` and `temporalTarget` that lead to this server. */
  connect: TargetOptions;
  /** Address like `http://127.0.0.1:8233`; `null` without UI. */
  uiUrl: string | null;
  /** Process id; `null`: started by another program. */
  pid: number | null;
  /** Version of the server, like `1.31.2`. */
  version: string;
  /** True if it ran before: left by a killed process, or shared with a live one. */
  reused: boolean;
  /** Ends the server, unless other processes use it. Safe to call twice. */
  stop(): Promise<void>;
  /** Asks the server to end, as `stop` does, and leaves waiting for it to the next start on its file. */
  leave(): Promise<void>;
  /** Resolves when the server has ended for any reason. */
  exited: Promise<ServerExit>;
}

/** Short, because SQLite writes at every step. */
export const GRACE_MS = 8_000;

export interface RunningServer {
  server: ProcessMark;
  ports: { grpc: number; ui: number | null };
  namespace: string;
  dbFile: string | null;
  /** Removed at the end; `null`: kept. */
  logFile: string | null;
  exited: Promise<ServerExit>;
  version: string;
  reused: boolean;
}

/** Creates a handle; the server then ends with this process, unless others use it. */
export function handleOf(running: RunningServer): TemporalServer {
  const { server, ports, namespace, version, reused, exited } = running;
  const forget = onExit(() => notifyLeaving(running));
  let stopping: Promise<void> | null = null;
  const endBy = async (step: (server: RunningServer) => Promise<void>) => {
    await step(running);
    forget();
  };
  return {
    address: `${LOOPBACK}:${ports.grpc}`,
    namespace,
    connect: plainTarget(ports.grpc, namespace),
    uiUrl: ports.ui === null ? null : `http://${LOOPBACK}:${ports.ui}`,
    pid: server.pid,
    version,
    reused,
    exited,
    stop: () => (stopping ??= endBy(end)),
    leave: () => (stopping ??= endBy(leaveSoon)),
  };
}

async function end({ server, dbFile, logFile }: RunningServer): Promise<void> {
  if (dbFile !== null) {
    await withLock(`${dbFile}.lock`, () => leave(server, dbFile));
    return;
  }
  await endProcess(server, 0);
  if (logFile !== null) rmSync(logFile, { force: true });
}

/** Waits only for the lock, under which another process may start to use the server. */
async function leaveSoon(running: RunningServer): Promise<void> {
  const { dbFile } = running;
  if (dbFile === null) return end(running);
  await withLock(`${dbFile}.lock`, () => {
    notifyLeaving(running);
    return Promise.resolve();
  });
}

/** Ends the server if this process is its last user. */
async function leave(server: ProcessMark, dbFile: string): Promise<void> {
  const now = state.readServerState(dbFile);
  if (now !== null && state.othersOf(now).length > 0) {
    state.writeServerState(dbFile, { ...now, users: state.othersOf(now) });
    return;
  }
  await endProcess(server, GRACE_MS);
  state.removeServerState(dbFile);
}

/** Leaves without waiting: the next start waits for the end instead. */
function notifyLeaving({ server, dbFile, logFile }: RunningServer): void {
  if (dbFile === null) {
    sendSignal(server, 'SIGKILL');
    if (logFile !== null) rmSync(logFile, { force: true });
    return;
  }
  const now = state.readServerState(dbFile);
  if (now === null) return;
  const users = state.othersOf(now);
  state.writeServerState(dbFile, { ...now, users, ending: users.length === 0 });
  if (users.length === 0) sendSignal(server, 'SIGTERM');
}

/** Waits for the end of a server that another process started. */
export async function waitForExit(server: ProcessMark): Promise<ServerExit> {
  while (isStill(server)) await sleep(500, undefined, { ref: false });
  return { code: null, signal: null };
}

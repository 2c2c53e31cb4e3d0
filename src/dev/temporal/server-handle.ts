import { rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TargetOptions } from '../../temporal/connection.ts';
import { onExit } from './exit-hooks.ts';
import { plainTarget } from './launch.ts';
import { withLock } from './lock.ts';
import { LOOPBACK } from '../../process/ports.ts';
import { endProcess, isStill, sendSignal, type ProcessMark } from './process.ts';
import * as state from './server-state.ts';

export interface ServerExit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

export interface TemporalServer {
  /** `host:port`. */
  address: string;
  namespace: string;
  /** For `connectTemporal` and `temporalTarget`: the way to this server, whatever is configured. */
  connect: TargetOptions;
  /** Such as `http://127.0.0.1:8233`; `null` without UI. */
  uiUrl: string | null;
  /** `null`: somebody else's server. */
  pid: number | null;
  /** Of the server, such as `1.31.2`. */
  version: string;
  /** Whether it ran before: left by a process that was killed, or shared with one that lives. */
  reused: boolean;
  /** Ends it, unless other processes still use it. Safe to call twice. */
  stop(): Promise<void>;
  /** Settles when the server is gone, wanted or not. */
  exited: Promise<ServerExit>;
}

/** SQLite is written at every step, so little is left to do at the end. */
export const GRACE_MS = 8_000;

export interface RunningServer {
  server: ProcessMark;
  ports: { grpc: number; ui: number | null };
  namespace: string;
  dbFile: string | null;
  /** Removed in the end; `null`: it stays. */
  logFile: string | null;
  exited: Promise<ServerExit>;
  version: string;
  reused: boolean;
}

/** From here on the server ends with this process, unless others use it too. */
export function handleOf(running: RunningServer): TemporalServer {
  const { server, ports, namespace, version, reused, exited } = running;
  const forget = onExit(() => notifyLeaving(running));
  let stopping: Promise<void> | null = null;
  const stop = async () => {
    await end(running);
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
    stop: () => (stopping ??= stop()),
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

/** The last one to leave ends the server. */
async function leave(server: ProcessMark, dbFile: string): Promise<void> {
  const now = state.readServerState(dbFile);
  if (now !== null && state.othersOf(now).length > 0) {
    state.writeServerState(dbFile, { ...now, users: state.othersOf(now) });
    return;
  }
  await endProcess(server, GRACE_MS);
  state.removeServerState(dbFile);
}

/** The same without waiting: the next start waits for the end instead. */
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

/** For a server that another process has started. */
export async function waitForExit(server: ProcessMark): Promise<ServerExit> {
  while (isStill(server)) await sleep(500, undefined, { ref: false });
  return { code: null, signal: null };
}

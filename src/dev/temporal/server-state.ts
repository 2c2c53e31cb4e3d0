import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { isMark } from './lock.ts';
import { isStill, markOf, type ProcessMark } from '../../process/process-mark.ts';

/** State beside a server's database file, by which the next start finds a running server. */
export interface ServerState {
  server: ProcessMark;
  /** Processes that use it; the last one ends it. */
  users: ProcessMark[];
  ports: { grpc: number; ui: number | null };
  startedAt: string;
  /** True after a request to end. */
  ending: boolean;
}

const stateFileOf = (dbFile: string): string => `${dbFile}.server.json`;

/** Reads the state of a running server, without ended users; else `null`. */
export function readServerState(dbFile: string): ServerState | null {
  let state: unknown;
  try {
    state = JSON.parse(readFileSync(stateFileOf(dbFile), 'utf8'));
  } catch {
    return null;
  }
  if (!isServerState(state) || !isStill(state.server)) return null;
  return { ...state, users: state.users.filter(isStill) };
}

export function writeServerState(dbFile: string, state: ServerState): void {
  const file = stateFileOf(dbFile);
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, JSON.stringify(state, null, 2), { mode: 0o600 });
  renameSync(draft, file);
}

export const removeServerState = (dbFile: string): void =>
  rmSync(stateFileOf(dbFile), { force: true });

/** Returns the users except this process. */
export const othersOf = (state: ServerState): ProcessMark[] =>
  state.users.filter(({ pid }) => pid !== process.pid);

export const withUs = (state: ServerState): ServerState => ({
  ...state,
  users: [...othersOf(state), markOf(process.pid)],
});

const isServerState = (value: unknown): value is ServerState =>
  typeof value === 'object' &&
  value !== null &&
  'server' in value &&
  isMark(value.server) &&
  'users' in value &&
  Array.isArray(value.users) &&
  value.users.every(isMark) &&
  'ports' in value &&
  typeof value.ports === 'object' &&
  value.ports !== null &&
  'grpc' in value.ports &&
  typeof value.ports.grpc === 'number' &&
  'ui' in value.ports &&
  'startedAt' in value &&
  'ending' in value;

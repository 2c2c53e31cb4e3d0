import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectTemporal, type TemporalLink, isAtLeast } from '../../temporal/connection.ts';
import { RowmillError } from '../../errors.ts';
import { isListening, LOOPBACK } from '../../process/ports.ts';
import { SEARCH_ATTRIBUTE_TYPES } from '../../temporal/search-attributes.ts';
import type { TemporalBinary } from './binary.ts';

export interface LaunchPlan {
  binary: TemporalBinary;
  ports: { grpc: number; ui: number | null; http: number; metrics: number };
  /** `null`: state in memory. */
  dbFile: string | null;
  /** Log file of the server: a pipe would end a server that outlives this process. */
  logFile: string;
  namespace: string;
  /** Address of the remote codec for the UI; `null`: none. */
  uiCodec: string | null;
  dynamicConfig: Readonly<Record<string, number | string | boolean>>;
}

export interface LaunchedServer {
  pid: number;
  child: ChildProcess;
  /** Resolves with code or signal when the process has ended. */
  exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
}

/** Starts the process; `waitUntilServing` reports when it is usable. */
export async function launch(plan: LaunchPlan): Promise<LaunchedServer> {
  const log = openSync(plan.logFile, 'w', 0o600);
  const [command, ...args] = commandOf(plan);
  const child = spawn(command, args, {
    ...(plan.dbFile === null ? {} : { cwd: dirname(plan.dbFile) }),
    // Own process group: Ctrl-C reaches this process alone, which ends the server last.
    detached: true,
    windowsHide: true,
    stdio: ['ignore', log, log, ...(plan.dbFile === null ? ['pipe' as const] : [])],
    env: withoutTemporalSettings(process.env),
  });
  closeSync(log);
  try {
    await once(child, 'spawn');
  } catch (cause) {
    throw new RowmillError('temporal_unavailable_here', 'the `temporal` command does not start', {
      where: plan.binary.path,
      cause,
    });
  }
  const { pid } = child;
  if (pid === undefined) throw new RowmillError('internal', 'a started process has no id');
  const exited = once(child, 'exit').then(([code, signal]: unknown[]) => {
    child.stdio[3]?.destroy();
    // Safe cast: the types of node:child_process, which `once` drops.
    return { code: code as number | null, signal: signal as NodeJS.Signals | null };
  });
  child.unref();
  return { pid, child, exited };
}

/**
 * Restricts the server's files to the owner. A server in memory ends with this process, even by kill
 * -9. A shell waits for the end of a pipe that only this process keeps open.
 */
const ON_FILE = 'umask 077; exec "$@"';
const IN_MEMORY = '(cat <&3 >/dev/null; kill -9 $$) & exec "$@" 3<&-';

function commandOf(plan: LaunchPlan): [string, ...string[]] {
  const server: [string, ...string[]] = [resolve(plan.binary.path), ...serverArguments(plan)];
  if (process.platform === 'win32') return server;
  return ['/bin/sh', '-c', plan.dbFile === null ? IN_MEMORY : ON_FILE, 'sh', ...server];
}

/** Sets every port: the defaults collide when two servers run on one machine. */
function serverArguments(plan: LaunchPlan): string[] {
  const { binary, ports, dbFile, namespace, uiCodec } = plan;
  const ui = ports.ui === null ? ['--headless'] : ['--ui-port', String(ports.ui)];
  // The flag is newer than the oldest supported command.
  if (ports.ui !== null && isAtLeast(binary.version, '1.8.2')) ui.push('--ui-disable-news-fetch');
  if (ports.ui !== null && uiCodec !== null) ui.push('--ui-codec-endpoint', uiCodec);
  return [
    ...['server', 'start-dev', '--ip', LOOPBACK, '--port', String(ports.grpc)],
    ...ui,
    ...['--http-port', String(ports.http), '--metrics-port', String(ports.metrics)],
    // Only the base name: the server reads it as the path of a URI, where `#`, `?` and `%` have a
    // meaning. The process starts in its folder.
    ...(dbFile === null ? [] : ['--db-filename', basename(dbFile)]),
    ...(namespace === 'default' ? [] : ['--namespace', namespace]),
    ...['--log-level', 'error', '--log-format', 'json'],
    ...Object.entries(SEARCH_ATTRIBUTE_TYPES).flatMap(([name, type]) => [
      '--search-attribute',
      `${name}=${type}`,
    ]),
    ...Object.entries(plan.dynamicConfig).flatMap(([name, value]) => [
      '--dynamic-config-value',
      `${name}=${JSON.stringify(value)}`,
    ]),
  ];
}

/** Removes client settings, which the server's command line parser would read. */
const withoutTemporalSettings = (env: NodeJS.ProcessEnv): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('TEMPORAL_')));

/**
 * Waits until the server answers. Checks plain TCP first: a failed gRPC channel backs off for a
 * second.
 * @throws RowmillError `port_in_use` if another process took a port first;
 * `temporal_unavailable_here` with the end of the server's log
 */
export async function waitUntilServing(
  plan: LaunchPlan,
  child: ChildProcess,
  timeoutMs: number,
): Promise<TemporalLink> {
  const deadline = Date.now() + timeoutMs;
  const uiIsUp = async () => plan.ports.ui === null || (await isListening(plan.ports.ui));
  for (;;) {
    if (hasEnded(child)) throw await notServing(plan, 'the Temporal server ended while starting');
    if (Date.now() > deadline) throw await notServing(plan, 'the Temporal server does not answer');
    if ((await isListening(plan.ports.grpc)) && (await uiIsUp())) {
      const link = await tryConnect(plan, Math.max(1_000, deadline - Date.now()));
      // The server may have ended because another one listens on its port.
      if (link !== null && !hasEnded(child)) return link;
      await link?.connection.close();
    }
    await sleep(25);
  }
}

const hasEnded = (child: ChildProcess): boolean =>
  child.exitCode !== null || child.signalCode !== null;

/** Connects; the port answers before the namespace exists. */
async function tryConnect(plan: LaunchPlan, timeoutMs: number): Promise<TemporalLink | null> {
  const { namespace } = plan;
  let link: TemporalLink;
  try {
    link = await connectTemporal({ ...plainTarget(plan.ports.grpc, namespace), timeoutMs });
  } catch (error) {
    if (error instanceof RowmillError && error.code === 'temporal_unreachable') return null;
    throw error;
  }
  try {
    await link.connection.workflowService.describeNamespace({ namespace });
    return link;
  } catch {
    await link.connection.close();
    return null;
  }
}

/** Returns a plain connection to an own server, ignoring the environment. */
export const plainTarget = (port: number, namespace: string) => ({
  address: `${LOOPBACK}:${port}`,
  namespace,
  env: {},
  ignoreProfileFile: true,
});

/** Messages of the command for its flags, and of the systems for other ports. */
const LOST_PORT = /can't set .* port|address already in use|only one usage of each socket address/i;

async function notServing(plan: LaunchPlan, what: string): Promise<RowmillError> {
  const log = (await readFile(plan.logFile, 'utf8').catch(() => '')).trim();
  if (LOST_PORT.test(log)) {
    return new RowmillError('port_in_use', 'a port was taken while the Temporal server started', {
      where: LOOPBACK,
      remedy: 'Start the same command again; see what else starts on this machine.',
    });
  }
  const words = lastWords(log);
  return new RowmillError('temporal_unavailable_here', words ? `${what}: ${words}` : what, {
    where: plan.binary.path,
    remedy: 'See what the server printed; if its state file is broken, move the file away.',
  });
}

/** Extracts the reason from a log: a panic has it at its beginning, other failures at their end. */
function lastWords(log: string): string {
  const panic = log.search(/^panic: /m);
  return panic < 0 ? log.slice(-WORDS) : log.slice(panic, panic + WORDS);
}

const WORDS = 500;

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
  /** What the server prints goes here: a pipe would end a server that outlives us. */
  logFile: string;
  namespace: string;
  dynamicConfig: Readonly<Record<string, number | string | boolean>>;
}

export interface LaunchedServer {
  pid: number;
  child: ChildProcess;
  /** Settles when the process is gone, with its code or signal. */
  exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
}

/** Starts the process; `waitUntilServing` tells when it can be used. */
export async function launch(plan: LaunchPlan): Promise<LaunchedServer> {
  const log = openSync(plan.logFile, 'w', 0o600);
  const [command, ...args] = commandOf(plan);
  const child = spawn(command, args, {
    ...(plan.dbFile === null ? {} : { cwd: dirname(plan.dbFile) }),
    // Its own process group: Ctrl-C in the terminal goes to us alone, and we end it last.
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
    // The types of the event are those of node:child_process; `once` forgets them.
    return { code: code as number | null, signal: signal as NodeJS.Signals | null };
  });
  child.unref();
  return { pid, child, exited };
}

/**
 * Files of the server are the owner's alone. And a server in memory is of no use to anybody once
 * we are gone, even by kill -9: a shell waits for the end of a pipe that only we hold open.
 */
const ON_FILE = 'umask 077; exec "$@"';
const IN_MEMORY = '(cat <&3 >/dev/null; kill -9 $$) & exec "$@" 3<&-';

function commandOf(plan: LaunchPlan): [string, ...string[]] {
  const server: [string, ...string[]] = [resolve(plan.binary.path), ...serverArguments(plan)];
  if (process.platform === 'win32') return server;
  return ['/bin/sh', '-c', plan.dbFile === null ? IN_MEMORY : ON_FILE, 'sh', ...server];
}

/** Every port is given: the defaults collide when two servers run on one machine. */
function serverArguments(plan: LaunchPlan): string[] {
  const { binary, ports, dbFile, namespace } = plan;
  const ui = ports.ui === null ? ['--headless'] : ['--ui-port', String(ports.ui)];
  // The flag is newer than the oldest command we accept.
  if (ports.ui !== null && isAtLeast(binary.version, '1.8.2')) ui.push('--ui-disable-news-fetch');
  return [
    ...['server', 'start-dev', '--ip', LOOPBACK, '--port', String(ports.grpc)],
    ...ui,
    ...['--http-port', String(ports.http), '--metrics-port', String(ports.metrics)],
    // The server takes it for the path of a URI, where `#`, `?` and `%` mean something: its folder is
    // where the process starts, and does not show in the name.
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

/** Settings for clients must not reach the server's command line parser. */
const withoutTemporalSettings = (env: NodeJS.ProcessEnv): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('TEMPORAL_')));

/**
 * Looks with plain TCP first: a gRPC channel that failed once backs off for a second.
 * @throws RowmillError `port_in_use` when another process took a port before the server did;
 *   `temporal_unavailable_here` with the server's last words
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
      // Ours may have ended because somebody else's listens on one of its ports.
      if (link !== null && !hasEnded(child)) return link;
      await link?.connection.close();
    }
    await sleep(25);
  }
}

const hasEnded = (child: ChildProcess): boolean =>
  child.exitCode !== null || child.signalCode !== null;

/** The port answers before the namespace does. */
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

/** The way to a server of our own: plain, whatever the environment says about others. */
export const plainTarget = (port: number, namespace: string) => ({
  address: `${LOOPBACK}:${port}`,
  namespace,
  env: {},
  ignoreProfileFile: true,
});

/** The words of the command for its own flags, and of the systems for everything else. */
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

/** A panic says why at its beginning, everything else at its end. */
function lastWords(log: string): string {
  const panic = log.search(/^panic: /m);
  return panic < 0 ? log.slice(-WORDS) : log.slice(panic, panic + WORDS);
}

const WORDS = 500;

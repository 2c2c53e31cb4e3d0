import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { RowmillError } from '../errors.ts';
import { tokenEnv, type SandboxToken } from '../providers/sandbox-tokens.ts';
import type { Env } from '../worker/settings.ts';
import { onFreePorts, type PortChoice } from '../process/ports.ts';

export interface SandboxProcessOptions {
  /** Program and arguments of rowmill's command line; `sandbox …` is appended. */
  command: readonly [string, ...string[]];
  /** Folder of its state and its log. */
  folder: string;
  /** Tokens of the providers it serves. */
  tokens: readonly SandboxToken[];
  port: PortChoice;
  /** API time ÷ real time. */
  speed: number;
  /** Path of a fault script. */
  faults?: string;
  env: Env;
  say?: (line: string) => void;
}

export interface SandboxProcess {
  url: string;
  /** Resolves when the process has ended for any reason. */
  exited: Promise<void>;
  stop(): Promise<void>;
}

/** Long, because many processes may start at once. */
const START_TIMEOUT_MS = 60_000;
/** A killed sandbox releases its state at once; a live one does not. */
const STATE_IN_USE_AFTER_MS = 20_000;

/**
 * Starts the sandbox in its own process and waits until it answers. It ends with this process, even
 * by kill -9: it reads from a pipe that only this process keeps open.
 * @throws RowmillError `port_in_use`, `usage` if another process uses the folder, `run_failed` with
 * the last lines of its log
 */
export function startSandboxProcess(options: SandboxProcessOptions): Promise<SandboxProcess> {
  // The sandbox picks a free port when it listens.
  if (options.port === 'free') return startOn(options, 0);
  return onFreePorts([options.port], ([port = 0]) => startOn(options, port));
}

async function startOn(options: SandboxProcessOptions, port: number): Promise<SandboxProcess> {
  const { folder, tokens, speed, faults } = options;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const logFile = join(folder, 'sandbox.log');
  const log = openSync(logFile, 'w', 0o600);
  const [program, ...args] = options.command;
  const child = spawn(
    program,
    [
      ...[...args, 'sandbox', '--port', String(port), '--speed', String(speed)],
      ...['--state', join(folder, 'sandbox.journal'), '--end-with-stdin'],
      ...(faults === undefined ? [] : ['--faults', faults]),
    ],
    {
      // Not on Ctrl-C in the terminal: the worker drains while the sandbox still answers.
      detached: true,
      env: { ...options.env, ...tokenEnv(tokens) },
      stdio: ['pipe', log, log],
    },
  );
  closeSync(log);
  // The sandbox may end first; nothing is written to the pipe.
  child.stdin?.on('error', () => undefined);
  const exited = once(child, 'exit').then(
    () => undefined,
    () => undefined,
  );
  let over = false;
  void exited.then(() => (over = true));
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    await exited;
  };
  try {
    const url = await addressIn(logFile, () => over, options.say);
    return { url, exited, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/**
 * Reads the address from its output. A port alone is not sufficient: another process may have taken
 * it first.
 */
async function addressIn(
  logFile: string,
  isOver: () => boolean,
  say: SandboxProcessOptions['say'],
): Promise<string> {
  const startedAt = Date.now();
  let waiting: string | null = null;
  for (;;) {
    const ended = isOver();
    const log = readFileSync(logFile, 'utf8');
    const url = /listens at (\S+)\n/.exec(log)?.[1];
    if (url !== undefined && !ended) return url;
    const [line = null, holder = '?'] = /^Waiting for process (\S+),.*$/m.exec(log) ?? [];
    if (waiting === null && line !== null) say?.(line);
    waiting = line;
    const goneMs = Date.now() - startedAt;
    if (waiting !== null && goneMs > STATE_IN_USE_AFTER_MS) throw inUse(dirname(logFile), holder);
    if (ended || goneMs > START_TIMEOUT_MS) throw notServing(logFile, log.trim());
    await sleep(50);
  }
}

const inUse = (folder: string, holder: string): RowmillError =>
  new RowmillError('usage', `process ${holder} uses this folder already`, {
    where: folder,
    remedy: 'Go on with the `rowmill dev` or `rowmill demo` that runs there, or stop it first.',
  });

function notServing(logFile: string, log: string): RowmillError {
  if (log.includes('error[port_in_use]')) {
    return new RowmillError('port_in_use', 'the port was taken while the sandbox started', {
      where: logFile,
    });
  }
  return new RowmillError('run_failed', `the sandbox does not start: ${log.slice(-500)}`, {
    where: logFile,
    remedy: 'See its last words; if its state is of another release, remove the folder.',
  });
}

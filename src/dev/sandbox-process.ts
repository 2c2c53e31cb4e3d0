import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { RowmillError } from '../errors.ts';
import type { Env } from '../worker/settings.ts';
import { LOOPBACK, pickPorts, type PortChoice } from './temporal/ports.ts';

export interface SandboxProcessOptions {
  /** Program and arguments that run rowmill's command line; `sandbox …` is added. */
  command: readonly [string, ...string[]];
  /** Its state and its log are kept here. */
  folder: string;
  token: string;
  port: PortChoice;
  /** How much faster than the real API time passes. */
  speed: number;
  env: Env;
}

export interface SandboxProcess {
  url: string;
  token: string;
  /** Settles when it is gone, wanted or not. */
  exited: Promise<void>;
  stop(): Promise<void>;
}

const START_TIMEOUT_MS = 30_000;

/**
 * The sandbox in a process of its own, ready to answer. It ends with this process, even by kill -9:
 * it reads from a pipe that only we hold open.
 * @throws RowmillError `port_in_use`, `run_failed` with its last words
 */
export async function startSandboxProcess(options: SandboxProcessOptions): Promise<SandboxProcess> {
  const { folder, token, speed } = options;
  const [port = 0] = await pickPorts([options.port]);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const logFile = join(folder, 'sandbox.log');
  const log = openSync(logFile, 'w', 0o600);
  const [program, ...args] = options.command;
  const child = spawn(
    program,
    [
      ...[...args, 'sandbox', '--port', String(port), '--speed', String(speed)],
      ...['--state', join(folder, 'sandbox.journal'), '--end-with-stdin'],
    ],
    {
      // Ctrl-C in the terminal is ours: the worker drains while the sandbox still answers.
      detached: true,
      env: { ...options.env, EXTRUCT_API_TOKEN: token },
      stdio: ['pipe', log, log],
    },
  );
  closeSync(log);
  // It may be gone before we are; nothing is written.
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
  const url = `http://${LOOPBACK}:${port}`;
  try {
    await untilItAnswers(url, () => over, logFile);
  } catch (error) {
    await stop();
    throw error;
  }
  return { url, token, exited, stop };
}

async function untilItAnswers(url: string, isOver: () => boolean, logFile: string): Promise<void> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (!(await answers(url))) {
    if (isOver() || Date.now() > deadline) {
      const lastWords = readFileSync(logFile, 'utf8').trim().slice(-500);
      throw new RowmillError('run_failed', `the sandbox does not start: ${lastWords}`, {
        where: logFile,
        remedy: 'See its last words; if its state is of another release, remove the folder.',
      });
    }
    await sleep(50);
  }
}

const answers = (url: string): Promise<boolean> =>
  fetch(`${url}/v1/healthcheck`, { signal: AbortSignal.timeout(2_000) }).then(
    async (reply) => {
      await reply.text();
      return reply.ok;
    },
    () => false,
  );

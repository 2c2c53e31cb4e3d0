import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { FaultScript } from '../../sandbox/index.ts';
import { sandboxEnv, sandboxTokens } from '../../src/providers/sandbox-tokens.ts';

/** A process of its own, started by us and ended by us. */
export interface Own {
  pid: number;
  /** Epoch ms just before it was started. */
  startedAtMs: number;
  stop(): Promise<void>;
}

const built = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));

const PATIENCE_MS = 30_000;

/** Processes that must not outlive this one, however it ends. */
const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => process.exit(1));
}

export interface SandboxSettings {
  speed: number;
  concurrency: number;
  failRate: number;
  alwaysFailsRate: number;
  /** Time of a cell. */
  cellMs?: { min: number; max: number };
  /** Faults of the sandbox. @default nothing */
  faults?: FaultScript;
}

export interface OwnSandbox extends Own {
  url: string;
}

/** The sandbox, away from what is measured. */
export async function ownSandbox(token: string, settings: SandboxSettings): Promise<OwnSandbox> {
  const args = [built('bench/site/sandbox-process.js'), JSON.stringify({ token, ...settings })];
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const { own, line } = await started(child, child.stdout, () => true);
  return { ...own, url: line };
}

export interface OwnWorker extends Own {
  /** Address of its health and metrics. */
  health: string;
}

export interface WorkerSettings {
  temporal: string;
  taskQueue: string;
  store: string;
  apiUrl: string;
  token: string;
  /** Limit of the requests; left out: the product's own. */
  requestsPerSecond?: number;
}

/** Environment that the image gives to its processes. */
const IMAGE_ENV = { MALLOC_ARENA_MAX: '1', MALLOC_MMAP_THRESHOLD_: '131072' };

/** `rowmill worker`, as it runs in a deployment. */
export async function ownWorker(settings: WorkerSettings): Promise<OwnWorker> {
  const { temporal, taskQueue, store, apiUrl, token, requestsPerSecond } = settings;
  const command = ['worker', '--task-queue', taskQueue, '--store', store, '--health-port', '0'];
  const child = spawn(process.execPath, [built('src/cli/main.js'), ...command], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: {
      ...IMAGE_ENV,
      PATH: process.env['PATH'],
      ROWMILL_ROOTS: '/',
      HOME: process.env['HOME'],
      TEMPORAL_ADDRESS: temporal,
      ...sandboxEnv(apiUrl, sandboxTokens({}, token)),
      ...(requestsPerSecond === undefined
        ? {}
        : { ROWMILL_REQUESTS_PER_SECOND: String(requestsPerSecond) }),
    },
  });
  const isUp = (line: string): boolean => line.includes('worker started');
  const { own, line } = await started(child, child.stderr, isUp);
  return { ...own, health: /health\W+(http:[^"\s]+)/.exec(line)?.[1] ?? '' };
}

/** Waits for the line that says it is up; what it says before is shown when it never does. */
export async function started(
  child: ChildProcess,
  output: NodeJS.ReadableStream,
  isUp: (line: string) => boolean,
): Promise<{ own: Own; line: string }> {
  const startedAtMs = Date.now();
  const { pid } = child;
  if (pid === undefined) throw new Error('the process did not start');
  running.add(child);
  child.once('exit', () => running.delete(child));
  const said: string[] = [];
  const exited = once(child, 'exit');
  const line = await new Promise<string>((resolve, reject) => {
    const giveUp = (why: string): void => reject(new Error(`${why}\n${said.join('\n')}`));
    const timer = setTimeout(() => giveUp('the process does not come up'), PATIENCE_MS);
    child.once('exit', () => giveUp('the process ended'));
    // Read to the end: a full pipe would stop it.
    createInterface({ input: output }).on('line', (text) => {
      if (said.length < 50) said.push(text);
      if (!isUp(text)) return;
      clearTimeout(timer);
      resolve(text);
    });
  });
  return {
    line,
    own: {
      pid,
      startedAtMs,
      stop: async () => {
        child.kill('SIGTERM');
        await exited;
      },
    },
  };
}

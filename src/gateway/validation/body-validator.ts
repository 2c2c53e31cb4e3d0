import { Worker } from 'node:worker_threads';
import { RowmillError } from '../../errors.ts';
import type {
  Validated,
  ValidatedRun,
  ValidatedSchedule,
  ValidationSettings,
  Sent,
  SentRun,
  SentSchedule,
} from './validate.ts';
import { unpacked } from './packed-error.ts';
import type { Verdict } from './thread.ts';

/** Threads that check bodies, away from the one that answers requests. */
export interface BodyValidator {
  /** @throws RowmillError for an invalid body; `http_too_costly`, `http_overloaded` */
  run(sent: SentRun): Promise<ValidatedRun>;
  /** @throws RowmillError as `run` */
  schedule(sent: SentSchedule): Promise<ValidatedSchedule>;
  close(): Promise<void>;
}

export interface BodyValidatorOptions extends ValidationSettings {
  /** Arguments of Node before the thread's own file. @default those of the process */
  execArgv?: string[] | undefined;
  /** Time limit of one body in ms. @default 20000; with files, which may be large, 120000 */
  withinMs?: number;
  /** Maximum number of waiting bodies. @default 16 */
  maxWaiting?: number;
}

/**
 * Memory limit of the thread. The limits of a body stay far below it; exceeding it ends the thread,
 * not the process.
 */
const HEAP_MB = 256;

/** JavaScript in a build. */
const THREAD = new URL(
  import.meta.url.endsWith('.ts') ? './thread.ts' : './thread.js',
  import.meta.url,
);

/** Starts the thread with the first body, and again after it has ended. */
export function createBodyValidator(options: BodyValidatorOptions): BodyValidator {
  const { env, store, files, execArgv, maxWaiting = 16 } = options;
  const withinMs = options.withinMs ?? (files === null ? 20_000 : 120_000);
  let thread: Thread | null = null;
  let waiting = 0;
  let turn: Promise<unknown> = Promise.resolve();
  let closed = false;

  const open = (): Promise<Thread> => {
    if (thread !== null && !thread.isOver) return Promise.resolve(thread);
    const data: ValidationSettings = { env: { ...env }, store, files };
    thread = startThread(data, execArgv);
    return thread.ready.then(() => thread ?? Promise.reject(ended()));
  };

  const next = async (sent: Sent): Promise<Validated> => {
    if (closed) throw ended();
    const opened = await open();
    const verdict = await opened.verdictOn(sent, withinMs);
    if ('error' in verdict) throw unpacked(verdict.error);
    return verdict.validated;
  };

  const validate = async (sent: Sent): Promise<Validated> => {
    if (waiting >= maxWaiting) {
      throw new RowmillError('http_overloaded', `${waiting} bodies are waiting to be checked`);
    }
    waiting += 1;
    const mine = turn.then(() => next(sent));
    turn = mine.catch(() => undefined);
    try {
      return await mine;
    } finally {
      waiting -= 1;
    }
  };

  return {
    // Safe cast: the result has the kind of the request.
    run: async (sent) => (await validate({ kind: 'run', sent })) as ValidatedRun,
    schedule: async (sent) => (await validate({ kind: 'schedule', sent })) as ValidatedSchedule,
    close: async () => {
      closed = true;
      await thread?.end();
    },
  };
}

interface Thread {
  ready: Promise<void>;
  isOver: boolean;
  verdictOn(sent: Sent, withinMs: number): Promise<Verdict>;
  end(): Promise<void>;
}

function startThread(data: ValidationSettings, execArgv: string[] | undefined): Thread {
  const worker = new Worker(THREAD, {
    workerData: data,
    name: 'validate',
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MB, stackSizeMb: 4 },
    ...(execArgv === undefined ? {} : { execArgv }),
  });
  // The thread must not keep the process alive.
  worker.unref();
  let settle: ((verdict: Verdict | Error) => void) | null = null;
  const said = (): Promise<Verdict | Error> =>
    new Promise((resolve) => {
      settle = resolve;
    });
  const first = said();
  const thread: Thread = {
    isOver: false,
    ready: first.then((verdict) => {
      if (verdict instanceof Error) throw verdict;
    }),
    verdictOn: async (sent, withinMs) => {
      const answer = said();
      worker.postMessage(sent, [sent.sent.body.buffer]);
      const timer = setTimeout(() => {
        settle?.(tooCostly(`it was not checked within ${withinMs / 1_000} s`));
        void thread.end();
      }, withinMs);
      const verdict = await answer;
      clearTimeout(timer);
      if (verdict instanceof Error) throw verdict;
      return verdict;
    },
    end: async () => {
      thread.isOver = true;
      await worker.terminate();
    },
  };
  worker.on('message', (verdict: Verdict) => settle?.(verdict));
  worker.on('error', (cause: Error) => {
    thread.isOver = true;
    const isMemory = 'code' in cause && cause.code === 'ERR_WORKER_OUT_OF_MEMORY';
    settle?.(isMemory ? tooCostly('it takes too much memory') : cause);
  });
  worker.on('exit', () => {
    thread.isOver = true;
    settle?.(ended());
  });
  return thread;
}

const tooCostly = (what: string): RowmillError =>
  new RowmillError('http_too_costly', what, { where: 'body' });

const ended = (): RowmillError => new RowmillError('http_overloaded', 'the gateway is ending');

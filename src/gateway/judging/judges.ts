import { Worker } from 'node:worker_threads';
import { RowmillError } from '../../errors.ts';
import type {
  Judged,
  JudgedRun,
  JudgedSchedule,
  JudgeSettings,
  Sent,
  SentRun,
  SentSchedule,
} from './judge.ts';
import { unpacked } from './packed-error.ts';
import type { Verdict } from './thread.ts';

/** Judge bodies one after another, away from the thread that answers requests. */
export interface Judges {
  /** @throws RowmillError what is wrong with the body; `http_too_costly`, `http_overloaded` */
  run(sent: SentRun): Promise<JudgedRun>;
  /** @throws RowmillError the same */
  schedule(sent: SentSchedule): Promise<JudgedSchedule>;
  close(): Promise<void>;
}

export interface JudgesOptions extends JudgeSettings {
  /** For node, before the thread's own file. @default those of the process */
  execArgv?: string[] | undefined;
  /** For one body. @default 20000; with files, which may be large, 120000 */
  withinMs?: number;
  /** Bodies that wait. @default 16 */
  mostWaiting?: number;
}

/** The caps on a body keep it far below; what finds a way around them ends the thread, not the process. */
const HEAP_MB = 256;

/** Built, it is JavaScript. */
const THREAD = new URL(
  import.meta.url.endsWith('.ts') ? './thread.ts' : './thread.js',
  import.meta.url,
);

/** The thread is started with the first body, and again when it has ended. */
export function createJudges(options: JudgesOptions): Judges {
  const { env, store, files, execArgv, mostWaiting = 16 } = options;
  const withinMs = options.withinMs ?? (files === null ? 20_000 : 120_000);
  let thread: Thread | null = null;
  let waiting = 0;
  let turn: Promise<unknown> = Promise.resolve();
  let closed = false;

  const open = (): Promise<Thread> => {
    if (thread !== null && !thread.isOver) return Promise.resolve(thread);
    const data: JudgeSettings = { env: { ...env }, store, files };
    thread = startThread(data, execArgv);
    return thread.ready.then(() => thread ?? Promise.reject(ended()));
  };

  const next = async (sent: Sent): Promise<Judged> => {
    if (closed) throw ended();
    const opened = await open();
    const verdict = await opened.verdictOn(sent, withinMs);
    if ('error' in verdict) throw unpacked(verdict.error);
    return verdict.judged;
  };

  const judge = async (sent: Sent): Promise<Judged> => {
    if (waiting >= mostWaiting) {
      throw new RowmillError('http_overloaded', `${waiting} bodies are waiting to be judged`);
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
    // Judged as what it was sent as.
    run: async (sent) => (await judge({ kind: 'run', sent })) as JudgedRun,
    schedule: async (sent) => (await judge({ kind: 'schedule', sent })) as JudgedSchedule,
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

function startThread(data: JudgeSettings, execArgv: string[] | undefined): Thread {
  const worker = new Worker(THREAD, {
    workerData: data,
    name: 'judge',
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MB, stackSizeMb: 4 },
    ...(execArgv === undefined ? {} : { execArgv }),
  });
  // Nothing waits for it at the end of the process.
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
        settle?.(tooCostly(`it was not judged within ${withinMs / 1_000} s`));
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

import { setImmediate as turn } from 'node:timers/promises';
import { jest } from '@jest/globals';
import {
  createSharedLimiter,
  type PaceLook,
  type SharedLimiter,
} from '../../src/shared-pace/shared-limiter.ts';
import { RowmillError } from '../../src/errors.ts';
import type { Folder, Store } from '../../src/store/store.ts';

export const TOKEN = 'a'.repeat(32);

/** Replaces the timers of the product; sockets and disks keep theirs. */
export const useVirtualTime = (): void => {
  jest.useFakeTimers({ doNotFake: ['Date', 'nextTick', 'setImmediate', 'queueMicrotask'] });
};

/** Calls of a real store that have not been answered: virtual time stands still for them. */
let unanswered = 0;

const STEP_MS = 50;
const LOST_MS = 20_000;

/** Turns the clock, and lets the real store answer after each step. */
export async function pass(ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= STEP_MS) {
    await jest.advanceTimersByTimeAsync(Math.min(STEP_MS, left));
    const sinceMs = Date.now();
    do {
      await turn();
      // The SDK itself waits before it tries a lost request again.
      if (Date.now() - sinceMs > LOST_MS) await jest.advanceTimersByTimeAsync(1);
    } while (unanswered > 0);
  }
}

/** Worker in this process: its limiter over the store, which it may lose, and its requests. */
export interface Worker {
  readonly shared: SharedLimiter;
  /** Times at which its requests left. */
  readonly sentAtMs: number[];
  /** Latest state that it would log. */
  look: () => PaceLook | null;
  /** Sends as many requests as it may, from now on or no more. */
  busy: (is: boolean) => void;
  /** The store answers it, or refuses at once, or never answers. */
  store: (answers: 'yes' | 'no' | 'never') => void;
  /** Ends it as `kill -9` does: it leaves its files. */
  kill: () => void;
}

/** API that a worker's requests go to; returns how each one ends. */
export type Api = (worker: Worker) => 'answered' | 'refused';

export function startWorker(
  store: Store,
  ratePerSecond: number | null,
  api: Api = () => 'answered',
): Worker {
  let answers: 'yes' | 'no' | 'never' = 'yes';
  let look: PaceLook | null = null;
  const state = { isBusy: false };
  const sentAtMs: number[] = [];
  const shared = createSharedLimiter({
    folder: watched(store.paces, () => answers),
    token: TOKEN,
    ratePerSecond,
    onLook: (next) => (look = next),
  });
  const { limiter } = shared;
  const isStillBusy = (): boolean => state.isBusy;
  const send = async (): Promise<void> => {
    while (state.isBusy) {
      const used = await limiter.take();
      // Ended while it waited.
      if (!isStillBusy()) return;
      const nowMs = performance.now();
      sentAtMs.push(nowMs);
      const reading = { route: 'GET /', sentAtMs: nowMs, atMs: nowMs, used } as const;
      limiter.learn({ ...reading, end: api(worker) });
    }
  };
  const busy = (is: boolean): void => {
    if (is === state.isBusy) return;
    state.isBusy = is;
    if (is) for (let nth = 0; nth < 30; nth += 1) void send();
  };
  const worker: Worker = {
    shared,
    sentAtMs,
    look: () => look,
    busy,
    store: (next) => (answers = next),
    kill: () => {
      answers = 'never';
      busy(false);
    },
  };
  return worker;
}

/** Returns the requests of all workers within a time, ms. */
export const sentWithin = (workers: readonly Worker[], ms: number): number => {
  const fromMs = performance.now() - ms;
  return workers.flatMap(({ sentAtMs }) => sentAtMs.filter((atMs) => atMs > fromMs)).length;
};

/** Returns the most requests of all workers in any second. */
export function mostInASecond(workers: readonly Worker[]): number {
  const all = workers.flatMap(({ sentAtMs }) => sentAtMs).toSorted((a, b) => a - b);
  let most = 0;
  let from = 0;
  for (const [at, atMs] of all.entries()) {
    while ((all[from] ?? 0) <= atMs - 1_000) from += 1;
    most = Math.max(most, at - from + 1);
  }
  return most;
}

/** Counts the calls of a folder that are unanswered; refuses or loses them on demand. */
function watched(folder: Folder, answers: () => 'yes' | 'no' | 'never'): Folder {
  const call = async <T>(work: () => Promise<T>): Promise<T> => {
    if (answers() === 'never') return new Promise(() => undefined);
    if (answers() === 'no') throw new RowmillError('store_unreachable', 'no answer');
    unanswered += 1;
    try {
      return await work();
    } finally {
      unanswered -= 1;
    }
  };
  return {
    ...folder,
    list: (prefix) => call(() => folder.list(prefix)),
    remove: (name) => call(() => folder.remove(name)),
    readJson: (name) => call(() => folder.readJson(name)),
    writeJson: (name, value) => call(() => folder.writeJson(name, value)),
  };
}

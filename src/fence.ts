import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Fence around what a step changes outside of the process: requests to a provider, files, tables.
 * Another worker may start the step once the Temporal server has heard nothing for the heartbeat
 * time-out. A change therefore leaves only soon after the server has confirmed the attempt.
 */
export interface Fence {
  /** Returns true if a change may leave at this moment. */
  readonly isOpen: () => boolean;
  /**
   * Makes a change once the fence is open. `closing` aborts before another worker can start the step:
   * what is still on its way must be broken off then. Rejects with the error `over` of the fence.
   */
  readonly change: <T>(change: (closing: AbortSignal) => Promise<T>) => Promise<T>;
}

export interface FenceOptions {
  /** Asks the server; false: the attempt is over. Rejects without an answer. */
  confirm: () => Promise<boolean>;
  /** Time without a heartbeat after which the server starts another attempt, ms. */
  heartbeatTimeoutMs: number;
  /** Time since the start of the attempt after which the server starts another one, ms. */
  startToCloseMs: number;
  /** Ends the waiting for an answer of the server. */
  signal: AbortSignal;
  /** Creates the error for a change that is refused. */
  over: () => Error;
}

/** Shares of the heartbeat time-out that are left, below which … */
const LEFT = {
  /** … the server is asked again, while changes go on. */
  renew: 5 / 6,
  /** … nothing leaves before the server has answered. */
  leave: 1 / 2,
  /** … what is on its way is broken off. */
  close: 1 / 4,
};

/** Looks at a change that is on its way, within one heartbeat time-out. */
const CHECKS = 12;

/** Pause before the server is asked again after no answer, ms. */
const ASK_AGAIN_MS = 500;

/** Moment on two clocks. */
interface Moment {
  monotonicMs: number;
  wallMs: number;
}

const now = (): Moment => ({ monotonicMs: performance.now(), wallMs: Date.now() });

/** Returns the longer of both times: the monotonic clock stands still while a machine sleeps. */
const msSince = ({ monotonicMs, wallMs }: Moment): number =>
  Math.max(performance.now() - monotonicMs, Date.now() - wallMs);

/** Creates the fence of an attempt; it is closed until the server has confirmed the attempt. */
export function createFence(options: FenceOptions): Fence {
  const { confirm, heartbeatTimeoutMs, startToCloseMs, signal, over } = options;
  const started = now();
  let confirmed: Moment | null = null;
  let isOver = false;
  let asking: Promise<void> | null = null;

  /** Time until another attempt may start, as a share of the heartbeat time-out. */
  const left = (): number => {
    if (confirmed === null || isOver) return 0;
    const untilTimeoutMs = heartbeatTimeoutMs - msSince(confirmed);
    return Math.min(untilTimeoutMs, startToCloseMs - msSince(started)) / heartbeatTimeoutMs;
  };

  const askOnce = async (): Promise<void> => {
    // The time-out counts from the arrival at the server, which is later.
    const askedAt = now();
    if (await confirm()) confirmed = askedAt;
    else isOver = true;
  };
  /** Asks the server; what it answers, or that it does not, `left` shows. */
  const ask = (): Promise<void> =>
    (asking ??= askOnce()
      .catch(() => undefined)
      .finally(() => (asking = null)));

  const isOpen = (): boolean => left() > LEFT.leave;

  const untilOpen = async (): Promise<void> => {
    while (!isOpen()) {
      await ask();
      if (isOpen()) return;
      if (!isOver) await sleep(ASK_AGAIN_MS, undefined, { signal }).catch(() => undefined);
      if (isOver || signal.aborted) throw over();
    }
  };

  return {
    isOpen,
    change: async (change) => {
      await untilOpen();
      const closing = new AbortController();
      const check = (): void => {
        if (left() < LEFT.close) closing.abort(new FenceClosed());
        else if (left() < LEFT.renew) void ask();
      };
      check();
      const timer = setInterval(check, heartbeatTimeoutMs / CHECKS);
      try {
        return await change(closing.signal);
      } finally {
        clearInterval(timer);
      }
    },
  };
}

/** Reason for which a change was broken off, or did not leave. */
export class FenceClosed extends Error {
  override readonly name = 'FenceClosed';
  readonly code = 'FENCE_CLOSED';

  constructor() {
    super('Temporal has not confirmed the step, which another worker may take over');
  }
}

/** Fence of a process that executes no step. */
const OPEN: Fence = {
  isOpen: () => true,
  change: (change) => change(new AbortController().signal),
};

const current = new AsyncLocalStorage<Fence | undefined>();

/** Runs a step within its fence. */
export const withinFence = <T>(fence: Fence, step: () => Promise<T>): Promise<T> =>
  current.run(fence, step);

/** Starts what a step begins for the whole process, and what lives longer than the step. */
export const outsideOfSteps = <T>(work: () => Promise<T>): Promise<T> =>
  current.run(undefined, work);

/** Returns the fence of the step that calls; outside of a step one that is open. */
export const fence = (): Fence => current.getStore() ?? OPEN;

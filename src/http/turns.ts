/** Request that waits for its turn. */
export interface Waiter {
  /** Latest time for a poll, ms of `performance.now()`; `null`: the request is work. */
  neededAtMs: number | null;
  go: () => void;
  fail: (error: Error) => void;
}

/** While no work waits, polls take at most this share of the pace, evenly spread: work that comes finds room. */
const POLL_SHARE = 1 / 2;
/** Share of overdue polls among the requests that leave while work waits: one in so many. */
const OVERDUE_POLL_EVERY = 5;

/**
 * Requests of one token that wait: work in the order in which it came, then polls by the time at which
 * each is needed. Work cannot starve polls: with `n` waiting runs, no poll goes later than
 * `n * OVERDUE_POLL_EVERY` requests after it is needed.
 */
export class Turns {
  readonly #work = new Set<Waiter>();
  readonly #polls = new Set<Waiter>();
  #lastPollAtMs = Number.NEGATIVE_INFINITY;
  #workSincePoll = 0;

  get isEmpty(): boolean {
    return this.#work.size === 0 && this.#polls.size === 0;
  }

  /** True if work waits, or a poll that was needed before this time. */
  isHeld(beforeMs: number): boolean {
    if (this.#work.size > 0) return true;
    return (this.#mostUrgentPoll()?.neededAtMs ?? Number.POSITIVE_INFINITY) <= beforeMs;
  }

  add(waiter: Waiter): void {
    this.#of(waiter).add(waiter);
  }

  remove(waiter: Waiter): void {
    this.#of(waiter).delete(waiter);
  }

  *[Symbol.iterator](): Generator<Waiter> {
    yield* this.#work;
    yield* this.#polls;
  }

  /** Returns the request whose turn it is; `null` if none may go now. */
  next(nowMs: number, perSecond: number): Waiter | null {
    const [work = null] = this.#work;
    if (work === null) {
      return this.#pollFreeAtMs(perSecond) <= nowMs ? this.#mostUrgentPoll() : null;
    }
    if (this.#workSincePoll < OVERDUE_POLL_EVERY - 1) return work;
    const poll = this.#mostUrgentPoll();
    const isOverdue = poll !== null && (poll.neededAtMs ?? 0) <= nowMs;
    return isOverdue ? poll : work;
  }

  /** Returns the time from which one of them may go, as far as it depends on their kinds, ms. */
  freeAtMs(perSecond: number): number {
    return this.#work.size > 0 ? Number.NEGATIVE_INFINITY : this.#pollFreeAtMs(perSecond);
  }

  /** Notes that a request has left. */
  left({ neededAtMs }: Waiter, nowMs: number): void {
    if (neededAtMs === null) {
      this.#workSincePoll += 1;
      return;
    }
    this.#workSincePoll = 0;
    this.#lastPollAtMs = nowMs;
  }

  #of({ neededAtMs }: Waiter): Set<Waiter> {
    return neededAtMs === null ? this.#work : this.#polls;
  }

  #pollFreeAtMs(perSecond: number): number {
    // Also before the first poll, whose predecessor left at -Infinity.
    if (perSecond === 0) return Number.POSITIVE_INFINITY;
    return this.#lastPollAtMs + 1_000 / (perSecond * POLL_SHARE);
  }

  #mostUrgentPoll(): Waiter | null {
    let first: Waiter | null = null;
    for (const poll of this.#polls) {
      if (first === null || (poll.neededAtMs ?? 0) < (first.neededAtMs ?? 0)) first = poll;
    }
    return first;
  }
}

import { createServerClock, type ServerClock } from '../../../../src/worker/server-clock.ts';
import { WorkerProcess } from '../machine/worker-process.ts';
import type { Timeline } from '../virtual-time.ts';

export type ActivityFunction = (input: unknown) => Promise<unknown>;

// Activities take one argument each, of their own type: payloads of JSON here.
export const named = (activities: object): Record<string, ActivityFunction> =>
  activities as Record<string, ActivityFunction>;

/** One worker of a deployment, with what it keeps in memory. */
export interface Worker {
  process: WorkerProcess;
  activities: Record<string, ActivityFunction>;
  /** What it takes for the time. */
  clock: ServerClock;
  /** Drains: takes nothing new. */
  stopping: boolean;
}

/** One worker at a time; when it dies, the next one starts after a while. */
export class Deployment {
  readonly #timeline: Timeline;
  readonly #activities: (clock: ServerClock) => Record<string, ActivityFunction>;
  readonly #diedHere: ((worker: Worker) => void)[] = [];
  #worker: Worker | null = null;
  #waiting: ((worker: Worker) => void)[] = [];
  /** Given to the worker that is up, which has not begun with it. */
  readonly #given = new Set<(worker: Worker) => void>();
  /** How long the next dead one is missed. */
  downMs = 1_000;
  deaths = 0;
  #clockAheadMs = 0;

  constructor(
    timeline: Timeline,
    activities: (clock: ServerClock) => Record<string, ActivityFunction>,
  ) {
    this.#timeline = timeline;
    this.#activities = activities;
  }

  get worker(): Worker | null {
    return this.#worker;
  }

  onDeath(react: (worker: Worker) => void): void {
    this.#diedHere.push(react);
  }

  start(): void {
    const process = new WorkerProcess(() => this.#died(worker));
    process.clockAheadMs = this.#clockAheadMs;
    const worker: Worker = { process, activities: {}, clock: createServerClock(), stopping: false };
    this.#worker = worker;
    // Made by the process itself: its providers and its store are its own.
    this.#timeline.in(
      0,
      () => {
        worker.activities = this.#activities(worker.clock);
        const waiting = this.#waiting;
        this.#waiting = [];
        for (const act of waiting) act(worker);
      },
      process,
    );
  }

  /** The clock of the machine jumps, under whatever runs there. */
  setClock(aheadMs: number): void {
    this.#clockAheadMs = aheadMs;
    if (this.#worker !== null) this.#worker.process.clockAheadMs = aheadMs;
  }

  /** As soon as there is one that takes work, in its name. */
  whenUp(act: (worker: Worker) => void): void {
    const worker = this.#worker;
    if (worker === null || worker.stopping) {
      this.#waiting.push(act);
      return;
    }
    // One function may be given twice.
    const once = (by: Worker): void => act(by);
    this.#given.add(once);
    const begin = (): void => {
      this.#given.delete(once);
      once(worker);
    };
    this.#timeline.in(0, begin, worker.process);
  }

  /** A deploy: what is in progress is told to stop, then the next one starts. */
  replace(whenDrained: (worker: Worker, done: () => void) => void): void {
    const worker = this.#worker;
    if (worker === null || worker.stopping) return;
    worker.stopping = true;
    whenDrained(worker, () => {
      if (worker.process.alive) worker.process.kill();
    });
  }

  #died(worker: Worker): void {
    this.deaths += 1;
    this.#worker = null;
    this.#waiting.push(...this.#given);
    this.#given.clear();
    this.#timeline.in(this.downMs, () => this.start(), null);
    for (const react of this.#diedHere) react(worker);
  }
}

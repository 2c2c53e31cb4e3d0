import { createServerClock, type ServerClock } from '../../../../src/worker/server-clock.ts';
import { WorkerProcess } from '../machine/worker-process.ts';
import type { Timeline } from '../virtual-time.ts';
import type { Attempt } from './attempt.ts';

export type ActivityFunction = (input: unknown) => Promise<unknown>;

// Activities take one argument each, of their own type: payloads of JSON here.
export const named = (activities: object): Record<string, ActivityFunction> =>
  activities as Record<string, ActivityFunction>;

/** One worker of a deployment, with what it keeps in memory. */
export interface Worker {
  process: WorkerProcess;
  activities: Record<string, ActivityFunction>;
  /** Clock that it reads the time from. */
  clock: ServerClock;
  /** Drains: takes nothing new. */
  stopping: boolean;
  /** Set while its messages to the server and the replies are lost. */
  cutOff: boolean;
  /** Attempts in progress, by their task tokens. */
  attempts: Map<string, Attempt>;
  /** Messages for the server once it can be reached. */
  unsent: (() => void)[];
}

/** Way in which a worker is lost for a while: it cannot reach the server, or it stands still. */
export type Absence = 'cut off' | 'stands still';

/** Another worker is there already, and only has to be given the work. */
const ANOTHER_STARTS_MS = 100;

/** One worker takes work at a time; when it is gone, the next one starts after a while. */
export class Deployment {
  readonly #timeline: Timeline;
  readonly #activities: (worker: Worker) => Record<string, ActivityFunction>;
  readonly #goneHere: ((worker: Worker, how: string) => void)[] = [];
  #worker: Worker | null = null;
  #waiting: ((worker: Worker) => void)[] = [];
  /** Given to the worker that is up, which has not begun with it. */
  readonly #given = new Set<(worker: Worker) => void>();
  /** Time until the next dead worker is replaced. */
  downMs = 1_000;
  deaths = 0;
  #clockAheadMs = 0;

  constructor(
    timeline: Timeline,
    activities: (worker: Worker) => Record<string, ActivityFunction>,
  ) {
    this.#timeline = timeline;
    this.#activities = activities;
  }

  get worker(): Worker | null {
    return this.#worker;
  }

  /** `how`: it was killed, or is absent. */
  onGone(react: (worker: Worker, how: string) => void): void {
    this.#goneHere.push(react);
  }

  start(): void {
    const process = new WorkerProcess(() => this.#died(worker));
    process.clockAheadMs = this.#clockAheadMs;
    const worker: Worker = {
      process,
      activities: {},
      clock: createServerClock(),
      stopping: false,
      cutOff: false,
      attempts: new Map(),
      unsent: [],
    };
    this.#worker = worker;
    // Made by the process itself: its providers and its store are its own.
    this.#timeline.in(
      0,
      () => {
        worker.activities = this.#activities(worker);
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

  /** Acts in the name of a worker as soon as one takes work. */
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
      // Taken by another worker while this one stood still.
      if (this.#given.delete(once)) once(worker);
    };
    this.#timeline.in(0, begin, worker.process);
  }

  /** A deploy: what is in progress is asked to stop, then the next one starts. */
  replace(whenDrained: (worker: Worker, done: () => void) => void): void {
    const worker = this.#worker;
    if (worker === null || worker.stopping) return;
    worker.stopping = true;
    whenDrained(worker, () => {
      if (worker.process.alive) worker.process.kill();
    });
  }

  /** The worker goes on with its current steps, for so long unseen; another one takes new tasks. */
  lose(worker: Worker, how: Absence, forMs: number): void {
    if (worker !== this.#worker) return;
    if (how === 'cut off') worker.cutOff = true;
    else worker.process.isStill = true;
    this.#timeline.in(forMs, () => this.#findAgain(worker), null);
    this.#gone(worker, how, ANOTHER_STARTS_MS);
  }

  #findAgain(worker: Worker): void {
    worker.cutOff = false;
    worker.process.isStill = false;
    this.#timeline.goOn(worker.process);
    for (const send of worker.unsent.splice(0)) this.#timeline.in(0, send, null);
  }

  #died(worker: Worker): void {
    this.deaths += 1;
    if (worker === this.#worker) this.#gone(worker, 'killed', this.downMs);
  }

  #gone(worker: Worker, how: string, downMs: number): void {
    this.#worker = null;
    this.#waiting.push(...this.#given);
    this.#given.clear();
    this.#timeline.in(downMs, () => this.start(), null);
    for (const react of this.#goneHere) react(worker, how);
  }
}

import type { Actor } from '../virtual-time.ts';

/** End of a killed process. */
export interface Kill {
  /** Step at which it dies: a request, a file, a pause, the end of an activity. */
  step: number;
  /** Delay of the commit of a request that it had just sent. */
  commitsLaterMs: number;
}

/** Loss or stop of a process, after which it goes on. */
export interface Break {
  /** Step, as of a kill. */
  step: number;
  /** The reply to the request that is on its way comes so much later. */
  answeredLaterMs: number;
}

/** A worker as the operating system sees it: it takes steps, and may be killed at any of them. */
export class WorkerProcess implements Actor {
  alive = true;
  /** Its machine's clock is wrong by so much; what counts on without being set is not. */
  clockAheadMs = 0;
  /** Stopped, and to be continued: SIGSTOP. */
  isStill = false;
  readonly #died: () => void;
  #kill: Kill | null = null;
  #break: (Break & { happen: () => void }) | null = null;
  #answeredLaterMs = 0;
  #steps = 0;

  constructor(died: () => void) {
    this.#died = died;
  }

  /** Starts to count the steps. */
  scheduleKill(kill: Kill | null): void {
    this.#kill = kill;
    this.#break = null;
    this.#steps = 0;
  }

  /** Something happens to it at a step, and it goes on. */
  breakAt(at: Break, happen: () => void): void {
    this.#break = { ...at, happen };
  }

  /**
   * Counts a step before anything that others can see. `false`: it was killed here, and does not do
   * it.
   */
  step(): boolean {
    if (!this.alive) return false;
    this.#steps += 1;
    this.#answeredLaterMs = 0;
    if (this.#kill !== null && this.#steps >= this.#kill.step) this.kill();
    else if (this.#break !== null && this.#steps >= this.#break.step) this.#breakNow(this.#break);
    return this.alive;
  }

  #breakNow({ happen, answeredLaterMs }: Break & { happen: () => void }): void {
    this.#break = null;
    this.#answeredLaterMs = answeredLaterMs;
    happen();
  }

  /** Delay of the reply to a request that went out with the last step. */
  get answeredLaterMs(): number {
    return this.#answeredLaterMs;
  }

  /** Delay until a request that went out with the last step commits. */
  get commitsLaterMs(): number {
    return this.alive ? 0 : (this.#kill?.commitsLaterMs ?? 0);
  }

  kill(): void {
    if (!this.alive) return;
    this.alive = false;
    this.#died();
  }
}

import type { Actor } from '../virtual-time.ts';

/** What a killed process leaves on its way. */
export interface Kill {
  /** It dies at this step: a request, a file, a pause, the end of an activity. */
  step: number;
  /** A request that it had just sent lands so much later. */
  commitsLaterMs: number;
}

/** A worker as the operating system sees it: it takes steps, and may be killed at any of them. */
export class WorkerProcess implements Actor {
  alive = true;
  /** Its machine's clock is wrong by so much; what counts on without being set is not. */
  clockAheadMs = 0;
  readonly #died: () => void;
  #kill: Kill | null = null;
  #steps = 0;

  constructor(died: () => void) {
    this.#died = died;
  }

  /** From here on steps are counted. */
  doom(kill: Kill | null): void {
    this.#kill = kill;
    this.#steps = 0;
  }

  /** Before anything that others can see. `false`: it was killed here, and does not do it. */
  step(): boolean {
    if (!this.alive) return false;
    this.#steps += 1;
    if (this.#kill !== null && this.#steps >= this.#kill.step) this.kill();
    return this.alive;
  }

  /** How much later a request lands that went out with the last step. */
  get commitsLaterMs(): number {
    return this.alive ? 0 : (this.#kill?.commitsLaterMs ?? 0);
  }

  kill(): void {
    if (!this.alive) return;
    this.alive = false;
    this.#died();
  }
}

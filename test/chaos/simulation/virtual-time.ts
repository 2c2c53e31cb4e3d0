import { Heap, type Timed } from '../../../sandbox/engine/heap.ts';

/** Process that acts, and may die: nothing that is due for a dead one happens any more. */
export interface Actor {
  readonly alive: boolean;
  /** Stands still: what is due waits until it goes on. */
  readonly isStill?: boolean;
}

export interface Appointment {
  cancel(): void;
}

interface Due extends Timed {
  actor: Actor | null;
  act: () => void;
  /** Comes again; leads to nothing that has to be waited for. */
  everyMs: number | null;
  cancelled: boolean;
}

const realImmediate = setImmediate;

/**
 * Virtual time. One thing happens at a time, in the order of its time; whatever follows from it
 * without waiting (promises, streams) is over before the next one. So a run is the same each time
 * it is played, and all that happens belongs to the actor whose appointment it was.
 */
export class Timeline {
  nowMs: number;
  /** Actor whose turn it is. */
  actor: Actor | null = null;
  /** Calls of `setImmediate` that are still to come. */
  immediates = 0;
  #serial = 0;
  readonly #dues = new Heap<Due>();
  readonly #held = new Map<Actor, Due[]>();

  constructor(startMs: number) {
    this.nowMs = startMs;
  }

  /** `act` happens in so many ms, unless its actor is dead by then. */
  in(ms: number, act: () => void, actor: Actor | null = this.actor): Appointment {
    return this.#add(ms, act, actor, null);
  }

  /** Again and again; `act` must not lead to anything that waits. */
  every(ms: number, act: () => void): Appointment {
    const everyMs = Math.max(1, ms);
    return this.#add(everyMs, act, this.actor, everyMs);
  }

  /** Lets happen what is due; `false` when nothing is left, or the limit came before it was over. */
  async run(over: () => boolean, untilMs: number): Promise<boolean> {
    while (!over()) {
      const due = this.#dues.pop();
      if (due === undefined || due.atMs > untilMs) return false;
      if (due.cancelled || due.actor?.alive === false) continue;
      if (due.actor?.isStill === true) {
        this.#held.set(due.actor, [...(this.#held.get(due.actor) ?? []), due]);
        continue;
      }
      this.nowMs = Math.max(this.nowMs, due.atMs);
      this.actor = due.actor;
      due.act();
      if (due.everyMs === null) await this.#settled();
      else this.#again(due, due.everyMs);
      this.actor = null;
    }
    return true;
  }

  /** An actor goes on after it stood still: all that was due meanwhile happens now, in its order. */
  goOn(actor: Actor): void {
    const held = this.#held.get(actor) ?? [];
    this.#held.delete(actor);
    for (const due of held) {
      due.atMs = this.nowMs;
      due.seq = this.#serial += 1;
      this.#dues.push(due);
    }
  }

  #again(due: Due, everyMs: number): void {
    due.atMs += everyMs;
    due.seq = this.#serial += 1;
    this.#dues.push(due);
  }

  /** An immediate comes after every promise and tick; those that are asked for are waited for. */
  async #settled(): Promise<void> {
    do await new Promise((resolve) => realImmediate(resolve));
    while (this.immediates > 0);
  }

  #add(ms: number, act: () => void, actor: Actor | null, everyMs: number | null): Appointment {
    const atMs = this.nowMs + Math.max(0, ms);
    const due: Due = { atMs, seq: (this.#serial += 1), act, actor, everyMs, cancelled: false };
    this.#dues.push(due);
    return {
      cancel: () => {
        due.cancelled = true;
      },
    };
  }
}

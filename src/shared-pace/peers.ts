import { readBeat, type Beat } from './beat.ts';

interface Peer {
  beat: Beat;
  /** Time at which this process first saw the newest beat, ms of its own monotonic clock. */
  changedAtMs: number;
  /** Files of its beats: the newest, and those it has not removed. */
  names: string[];
}

/** A worker counts as gone after this time without a new beat: three of them are missing. */
export const SILENT_MS = 6_000;
/** Files of a silent worker are removed after this time. */
const LEFT_BEHIND_MS = 600_000;

/**
 * Other workers of a token, as one worker sees them. Clocks of machines differ, so no time in a beat
 * counts: a worker lives while its beats change.
 */
export class Peers {
  readonly #own: string;
  readonly #peers = new Map<string, Peer>();
  readonly #gone = new Set<string>();

  constructor(own: string) {
    this.#own = own;
  }

  /** Takes in the names of all files of beats; a worker without files has left. */
  see(names: readonly string[], nowMs: number): void {
    const seen = new Map<string, { beat: Beat; names: string[] }>();
    for (const name of names) {
      const beat = readBeat(name);
      if (beat === null || beat.worker === this.#own) continue;
      const { names: before = [], beat: newest = beat } = seen.get(beat.worker) ?? {};
      seen.set(beat.worker, {
        beat: beat.nth > newest.nth ? beat : newest,
        names: [...before, name],
      });
    }
    for (const worker of this.#peers.keys()) if (!seen.has(worker)) this.#peers.delete(worker);
    for (const [worker, { beat, names: its }] of seen) {
      const known = this.#peers.get(worker);
      const isNew = known === undefined || beat.nth > known.beat.nth;
      if (isNew) this.#gone.delete(worker);
      this.#peers.set(worker, {
        beat: isNew ? beat : known.beat,
        changedAtMs: isNew ? nowMs : known.changedAtMs,
        names: its,
      });
    }
  }

  /** Notes that the process of a worker has ended. */
  markGone(worker: string): void {
    this.#gone.add(worker);
  }

  /** Returns the newest beats of the workers that live. */
  live(nowMs: number): Beat[] {
    return [...this.#peers.values()].flatMap(({ beat, changedAtMs }) => {
      const ageMs = nowMs - changedAtMs;
      if (ageMs >= SILENT_MS || this.#gone.has(beat.worker)) return [];
      return [{ ...beat, pausedMs: Math.max(0, beat.pausedMs - ageMs) }];
    });
  }

  /** Returns the files of one worker, the newest of which says which process it is. */
  namesOf(worker: string): readonly string[] {
    return this.#peers.get(worker)?.names ?? [];
  }

  /** Returns files that workers have left behind. */
  leftBehind(nowMs: number): string[] {
    return [...this.#peers.values()].flatMap(({ changedAtMs, names }) =>
      nowMs - changedAtMs > LEFT_BEHIND_MS ? names : [],
    );
  }
}

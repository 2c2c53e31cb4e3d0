import { countUpTo } from './count-up-to.ts';
import type { Alone } from './pass-timeline.ts';
import { randomOf } from './random.ts';
import { cellMsOf, type RunShape } from './shape.ts';

/** An end is noticed in time within so long. */
const IN_TIME_MS = 3_000;
const MISSED_SHARE = 0.05;

/** A pass, as far as its end depends on it. */
export interface Ends {
  shape: RunShape;
  alone: readonly Alone[];
}

/**
 * Returns the fewest polls, in all, by which any schedule notices 95 % of the ends within 3 s. Such a
 * schedule sees each cell start and end without a poll and knows how long cells take; only how long
 * this one takes it does not know. It is best to poll where the chance of an end is greatest (Neyman
 * and Pearson): while a single cell is left, and its chance to end in the next 3 s is above a threshold.
 */
export function leastPolls(passes: readonly Ends[]): number {
  const spans = passes.map(spansAlone);
  const atTheEnd = spans.map((of) => of.at(-1) ?? 1).toSorted((a, b) => a - b);
  const threshold = atTheEnd[Math.floor(atTheEnd.length * MISSED_SHARE)] ?? 0;
  const polls = spans.map((of) => {
    const worthwhile = of.filter((chance) => chance >= threshold).length;
    // The end is noticed at last, too late.
    return worthwhile + ((of.at(-1) ?? 0) < threshold ? 1 : 0);
  });
  return polls.reduce((sum, of) => sum + Math.max(1, of), 0);
}

/** Chance of an end in each 3 s in which the pass may end; it ends in the last of them. */
function spansAlone({ alone, shape }: Ends): number[] {
  const sample = sampleOf(shape);
  return alone.flatMap(({ sinceMs, untilMs, startedAtMs, hasMore }) => {
    const chances: number[] = [];
    for (let atMs = sinceMs; atMs < untilMs; atMs += IN_TIME_MS) {
      const gone = countUpTo(sample, atMs - startedAtMs);
      const left = sample.length - gone;
      const ending = countUpTo(sample, atMs - startedAtMs + IN_TIME_MS) - gone;
      chances.push((left === 0 ? 1 : ending / left) * (hasMore ? shape.failRate : 1));
    }
    return chances;
  });
}

const SAMPLES = 100_000;
const samples = new Map<string, Float64Array>();

/** Samples the time of cells of such a shape, ascending. */
function sampleOf(shape: RunShape): Float64Array {
  const key = JSON.stringify([shape.cellMs, shape.durations, shape.stragglers]);
  const known = samples.get(key);
  if (known !== undefined) return known;
  const random = randomOf(99);
  const made = Float64Array.from({ length: SAMPLES }, () => cellMsOf(shape, random)).sort();
  samples.set(key, made);
  return made;
}

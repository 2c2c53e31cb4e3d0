/** Pages of `size` rows are read from the first one on, up to the row `at`. */
export interface Probe {
  at: number;
  size: number;
}

/** Rows before `low` can be read; of those from there on, before `high`, one cannot. */
export interface Narrowing {
  low: number;
  high: number;
  /** Rows of a page. */
  most: number;
  /** The row that could not be read the last time. */
  hint?: number | undefined;
  /** With so many before it, every row but one is read. */
  enough?: number | undefined;
}

/** Pages a probe may take that only confirms a hint, and those of a walk through all rows on top. */
const CHEAP_PAGES = 5;

/**
 * Where to look next for the first row that cannot be read, where cursors are good for pages of one size
 * only: a page begins at a multiple of its size then. The cheapest bit of information comes first.
 *
 * @returns `null` where it is found
 */
export function nextProbe({ low, high, most, hint, enough }: Narrowing): Probe | null {
  if (high - low <= 1 || low === enough) return null;
  const cheapPages = Math.ceil(high / most) + CHEAP_PAGES;
  for (const at of [enough, hint, (hint ?? NaN) + 1]) {
    if (at === undefined || !(at > low && at < high)) continue;
    const probe = probeOf(at, most);
    if (at === hint || pagesOf(probe) <= cheapPages) return probe;
  }
  let best: { probe: Probe; worth: number } | null = null;
  for (let at = low + 1; at < high; at += 1) {
    const probe = probeOf(at, most);
    const worth = bits((at - low) / (high - low)) / pagesOf(probe);
    if (best === null || worth > best.worth) best = { probe, worth };
  }
  return best?.probe ?? null;
}

export const pagesOf = ({ at, size }: Probe): number => at / size;

/** With the largest page that ends there. */
function probeOf(at: number, most: number): Probe {
  let size = Math.min(at, most);
  while (at % size !== 0) size -= 1;
  return { at, size };
}

/** What is learnt by an answer whose yes has this chance. */
const bits = (chance: number): number =>
  -(chance * Math.log2(chance) + (1 - chance) * Math.log2(1 - chance));

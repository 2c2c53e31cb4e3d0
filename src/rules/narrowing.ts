/** Pages of `size` rows are read from the first one on, up to the row `at`. */
export interface Probe {
  at: number;
  size: number;
}

/** Rows before `low` can be read; of those from there on, before `high`, one cannot. */
export interface Narrowing {
  low: number;
  high: number;
  /** Maximum rows of a page. */
  most: number;
  /** The row that could not be read the last time. */
  hint?: number | undefined;
  /** Number of readable rows in front that leaves only one unread row. */
  enough?: number | undefined;
}

/** Pages a probe may take that only confirms a hint, and those of a walk through all rows on top. */
const CHEAP_PAGES = 5;

/**
 * Returns the next probe for the first unreadable row, if cursors are valid for one page size. A page
 * then begins at a multiple of its size. Prefers the cheapest bit of information.
 *
 * @returns `null` once it is found
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

/** Returns a probe with the largest page that ends there. */
function probeOf(at: number, most: number): Probe {
  let size = Math.min(at, most);
  while (at % size !== 0) size -= 1;
  return { at, size };
}

/** Returns the information of a yes with this probability, in bits. */
const bits = (chance: number): number =>
  -(chance * Math.log2(chance) + (1 - chance) * Math.log2(1 - chance));

/** Worker that shares a token, and the part of the pace that it can use, per mille. */
export interface Sharer {
  worker: string;
  wants: number;
}

/** Shares are counted in thousandths of a unit. A unit is one request a second of the limit. */
export const UNIT = 1_000;

/** Every worker keeps this part of an equal share, however little it uses: its next run starts with it. */
const KEPT = 1 / 4;

/**
 * Divides whole units among workers, by what each can use: who needs less than an equal share leaves
 * the rest to the others. Whole units, so that shares of a limit add up to it in any second. More
 * workers than units get equal fractions. Every worker that sees the same beats gets the same result.
 */
export function allot(sharers: readonly Sharer[], units: number): Map<string, number> {
  const ordered = sharers.toSorted((a, b) => (a.worker < b.worker ? -1 : 1));
  const count = ordered.length;
  if (units < count) {
    return new Map(ordered.map(({ worker }) => [worker, Math.floor((units * UNIT) / count)]));
  }
  const kept = Math.max(1, Math.floor((units * KEPT) / count));
  const got = new Map(ordered.map(({ worker }) => [worker, kept]));
  const needOf = ({ wants }: Sharer): number => Math.ceil((wants * units) / 1_000);
  let left = units - kept * count;
  const give = (to: readonly Sharer[], maxOf: (sharer: Sharer) => number): void => {
    const each = Math.floor(left / to.length);
    let extra = left % to.length;
    for (const sharer of to) {
      const has = got.get(sharer.worker) ?? 0;
      const one = extra > 0 ? 1 : 0;
      const more = Math.min(each + one, Math.max(0, maxOf(sharer) - has));
      extra -= one;
      left -= more;
      got.set(sharer.worker, has + more);
    }
  };
  for (;;) {
    const needy = ordered.filter((sharer) => (got.get(sharer.worker) ?? 0) < needOf(sharer));
    if (left === 0 || needy.length === 0) break;
    give(needy, needOf);
  }
  if (left > 0) give(ordered, () => units);
  return new Map([...got].map(([worker, whole]) => [worker, whole * UNIT]));
}

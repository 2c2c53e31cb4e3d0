import type { KnownPace } from '../http/share.ts';

/**
 * Returns what workers know together: the pace after the latest slow-down. Each worker grows the same
 * pace, so the highest one of those counts, and the growth of the token is that of one worker.
 */
export function agreedPace(own: KnownPace, others: readonly KnownPace[]): KnownPace {
  let agreed = own;
  for (const other of others) {
    const later = other.slowDowns - agreed.slowDowns;
    if (later > 0 || (later === 0 && other.perSecond > agreed.perSecond)) agreed = other;
  }
  return agreed;
}

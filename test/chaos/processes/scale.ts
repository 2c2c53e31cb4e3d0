/**
 * How much is done: little in `npm test`, much in `npm run chaos:processes`, which also tells the
 * figures.
 */
export const LONG = process.env['ROWMILL_CHAOS'] === 'long';

export const scale = LONG
  ? { runs: 10, killsARun: 3, pairs: 3, deploys: 10 }
  : { runs: 1, killsARun: 2, pairs: 1, deploys: 3 };

/** One test may take so long on a busy machine. */
export const LIMIT_MS = LONG ? 1_800_000 : 300_000;

/** The same numbers for the same seed. @returns from 0 to below 1 */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    // mulberry32
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

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

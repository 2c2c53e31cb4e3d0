import { CASES, caseOf } from '../../support/providers/cases.ts';
import type { ProviderCase } from '../../support/providers/provider-case.ts';

/**
 * Set for long tests: `npm test` does little, `npm run chaos:processes` much, and it prints the
 * figures.
 */
export const LONG = process.env['ROWMILL_CHAOS'] === 'long';

export const scale = LONG
  ? { runs: 10, killsARun: 3, pairs: 3, deploys: 10 }
  : { runs: 1, killsARun: 2, pairs: 1, deploys: 3 };

const only = process.env['ROWMILL_CHAOS_PROVIDER'] ?? '';

/** All of them, or those that were asked for. */
export const PROVIDERS: readonly ProviderCase[] = only === '' ? CASES : only.split(',').map(caseOf);

/** One provider is enough in `npm test` where its own code is hardly at stake: they take turns. */
export const inTurn = <T>(all: readonly T[], turn: number): readonly T[] =>
  LONG ? all : all.slice(turn % all.length).slice(0, 1);

/** One test may take so long on a busy machine. */
export const LIMIT_MS = 1_800_000;

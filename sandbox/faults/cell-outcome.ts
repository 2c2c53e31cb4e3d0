import { share } from '../oracle/seeded.ts';
import type { CellRule } from './script.ts';

/** Effect of the rules on one cell; `null` without an effect. */
export interface RuledOutcome {
  stuck: Extract<CellRule, { fault: 'stuck' }> | null;
  failing: Extract<CellRule, { fault: 'failing' }> | null;
}

/** The first rule of each kind that the cell falls under, by the seed, its row and its column. */
export function ruledOutcome(
  rules: readonly CellRule[],
  seed: number,
  word: string,
  key: string,
): RuledOutcome {
  const outcome: RuledOutcome = { stuck: null, failing: null };
  for (const [at, rule] of rules.entries()) {
    if (rule.columns?.includes(key) === false) continue;
    if (share(seed, 'cell', at, word, key) >= rule.share) continue;
    if (rule.fault === 'stuck') outcome.stuck ??= rule;
    else outcome.failing ??= rule;
  }
  return outcome;
}

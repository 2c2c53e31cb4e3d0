import type { ResultTarget } from '../contract/pipeline.ts';
import type { CellCounts, FormerResults } from '../contract/results.ts';
import type { Outcome } from '../contract/outcome.ts';

/** What is about to be published. */
export interface NewResults {
  outcome: Outcome;
  /** Broken off: cancelled, failed, or at its deadline. */
  cutShort: boolean;
  cells: CellCounts;
}

export type Replacement =
  | { publish: true; fuller: FormerResults | null }
  | { publish: false; why: string; there: FormerResults | null };

/** Cells that have an answer: the provider looked, and said what it found or that there is nothing. */
export const answered = ({ done, empty }: CellCounts): number => done + empty;

/**
 * Whether results take their place, and whether fuller ones of the same pipeline are there. Unless
 * the pipeline says when, a run that was cut short replaces none that have more answers.
 */
export function judgeReplacement(
  { when }: Pick<ResultTarget, 'when'>,
  now: NewResults,
  there: FormerResults | null,
): Replacement {
  const { outcome } = now;
  if (when === 'completed' && outcome !== 'completed') return { ...refused(when, outcome), there };
  if (when === 'partial' && outcome !== 'completed' && outcome !== 'partial') {
    return { ...refused(when, outcome), there };
  }
  const isFuller =
    there !== null && outcome !== 'completed' && there.answered > answered(now.cells);
  if (!isFuller) return { publish: true, fuller: null };
  if (when === undefined && now.cutShort) {
    const why = `the run was cut short (${outcome}), and fuller results are there`;
    return { publish: false, why, there };
  }
  return { publish: true, fuller: there };
}

const refused = (when: string, outcome: Outcome) =>
  ({ publish: false, why: `its \`when\` is ${when}, the run is ${outcome}` }) as const;

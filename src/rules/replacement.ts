import type { ResultTarget } from '../contract/pipeline.ts';
import type { CellCounts, ExistingResults } from '../contract/results.ts';
import type { Outcome } from '../contract/outcome.ts';
import { noCells } from './cells/outcome.ts';

/** Results about to be published. */
export interface NewResults {
  outcome: Outcome;
  /** Broken off: cancelled, failed, or at its deadline. */
  endedEarly: boolean;
  cells: CellCounts;
  /** Reason that no target gets them. Left out: targets get them. */
  withheld?: string | undefined;
}

/** Derives the new results from how a run ended. */
export function newResultsOf(run: {
  outcome: Outcome;
  endedEarly: boolean;
  withheld?: string;
  lastScan: { cells: CellCounts } | null;
}): NewResults {
  const { outcome, endedEarly, lastScan, withheld } = run;
  return {
    outcome,
    withheld,
    endedEarly,
    cells: lastScan?.cells ?? noCells(),
  };
}

export type Replacement =
  | { publish: true; fuller: ExistingResults | null }
  | { publish: false; reason: string; existing: ExistingResults | null };

/** Cells that have an answer: the provider looked, and said what it found or that there is nothing. */
export const answered = ({ done, empty }: CellCounts): number => done + empty;

/**
 * Decides whether results replace existing ones, and whether more complete ones of the same
 * pipeline exist. By default, an interrupted run never replaces results with more answers.
 */
export function checkReplacement(
  { when }: Pick<ResultTarget, 'when'>,
  now: NewResults,
  existing: ExistingResults | null,
): Replacement {
  const { outcome, withheld } = now;
  if (withheld !== undefined) return { publish: false, reason: withheld, existing };
  if (when === 'completed' && outcome !== 'completed')
    return { ...refused(when, outcome), existing };
  if (when === 'partial' && outcome !== 'completed' && outcome !== 'partial') {
    return { ...refused(when, outcome), existing };
  }
  const isFuller =
    existing !== null && outcome !== 'completed' && existing.answered > answered(now.cells);
  if (!isFuller) return { publish: true, fuller: null };
  if (when === undefined && now.endedEarly) {
    const reason = `the run was cut short (${outcome}), and fuller results are there`;
    return { publish: false, reason, existing };
  }
  return { publish: true, fuller: existing };
}

const refused = (when: string, outcome: Outcome) =>
  ({ publish: false, reason: `its \`when\` is ${when}, the run is ${outcome}` }) as const;

import type { Evidence } from './evidence.ts';

/** I12: never more cells are paid than the ceilings of a run, and of those before it, allow. */
export function* underCeiling(evidence: Evidence): Iterable<string> {
  const allowed = allowedBy(evidence);
  if (evidence.cellsPaid > allowed) {
    yield `${evidence.cellsPaid} cells were paid, the ceiling is ${allowed}`;
  }
}

/** Credits of one for a cell; an approval raises what a run may ask for. */
function allowedBy({ pipeline, summary, earlier }: Evidence): number {
  const { maxCredits = Infinity } = pipeline.spend;
  const approved = (summary?.approvals ?? []).map(({ credits }) => credits);
  const own = Math.max(maxCredits, ...approved);
  // A run that failed does not say what was approved.
  const isKnown = summary !== null || pipeline.spend.onCeiling !== 'ask';
  return (isKnown ? own : Infinity) + (earlier === null ? 0 : allowedBy(earlier));
}

/** Outcomes of a run. */
export const OUTCOMES = ['completed', 'partial', 'failed', 'cancelled'] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** How a run ends. */
export type Outcome = 'completed' | 'partial' | 'failed' | 'cancelled';

const STEP_MS = 10_000;

/** Of the ten seconds before, the first one. */
export const PREVIOUS_SLOT = -STEP_MS / 1_000;

/**
 * A name for a run whose caller gave it none, `<name>-20260131-023000`, UTC: that of the last full
 * ten seconds, and each further turn that of the second after. Callers of the same moment, who do
 * not see each other in the server's list yet, meet at the first one: one of them gets it.
 */
export function timestampId(name: string, now: Date, slot: number): string {
  const stepMs = Math.floor(now.getTime() / STEP_MS) * STEP_MS;
  const [date = '', time = ''] = new Date(stepMs + slot * 1_000).toISOString().split('T');
  return `${name}-${date.replaceAll('-', '')}-${time.slice(0, 8).replaceAll(':', '')}`;
}

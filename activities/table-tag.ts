import { createHash } from 'node:crypto';
import type { RunKey } from '../src/store/store.ts';

/** The same for every retry, reset and continued run of this run; another for the next run. */
export function tableTag(run: RunKey): string {
  const digest = createHash('sha256').update(`${run.workflowId}\n${run.firstRunId}`).digest('hex');
  return `rowmill-${digest.slice(0, 24)}`;
}

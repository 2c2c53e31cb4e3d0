import type { Need } from '../../src/contract/notify.ts';
import { approvalRequestText, budgetCommand, budgetText } from '../../src/text/run-facts.ts';
import { formatDuration } from '../../src/text/numbers.ts';
import { shellQuote } from '../../src/text/shell.ts';
import type { Run } from '../run.ts';

/** Need of a run for an operator, now. */
export interface CurrentNeed {
  need: Need;
  /** Distinguishes needs of one kind: each is reported by itself. */
  subject: string;
  what: string;
  command: string;
  /** Epoch ms before which nothing is sent. */
  notBeforeMs: number;
}

type Shown = Pick<Run, 'state' | 'pipeline' | 'key' | 'outcome' | 'endingEarly'>;

export const isSame = (one: CurrentNeed | null, other: CurrentNeed): boolean =>
  one?.need === other.need && one.subject === other.subject;

/** Returns what a run needs a person for; `null`: nothing. */
export function currentNeedOf(run: Shown): CurrentNeed | null {
  const { state, pipeline, key, outcome } = run;
  const { stage, pendingApproval, activePass, budget } = state;
  const id = shellQuote(key.workflowId);
  const problem = state.problem ?? '';
  const base = { subject: '', notBeforeMs: 0 };
  if (outcome !== null || run.endingEarly || state.finishing) return null;
  if (stage === 'waiting for approval' && pendingApproval !== null) {
    const what = approvalRequestText(pendingApproval);
    const command = `rowmill approve ${id}`;
    return { ...base, need: 'needs-approval', subject: what, what, command };
  }
  if (stage === 'waiting for budget' && budget?.wait != null) {
    const { wait } = budget;
    const what = budgetText(wait);
    return { ...base, need: 'needs-budget', subject: wait.day, what, command: budgetCommand(wait) };
  }
  if (stage === 'waiting for credits' || stage === 'waiting for credentials') {
    const need = stage === 'waiting for credits' ? 'needs-credits' : 'needs-credentials';
    return { ...base, need, what: problem, command: `rowmill resume ${id}` };
  }
  const command = `rowmill status ${id}`;
  if (stage === 'waiting for the API') {
    const sinceMs = state.apiSilentSinceMs ?? Date.now();
    const notBeforeMs = sinceMs + pipeline.run.stallAfterMs;
    return { ...base, need: 'stalled', what: problem, command, notBeforeMs };
  }
  if (activePass?.end === 'stalled') {
    const what = `no cell has changed for ${formatDuration(pipeline.run.stallAfterMs)}`;
    return { ...base, need: 'stalled', what, command };
  }
  return null;
}

import { ApplicationFailure } from '@temporalio/workflow';
import type { InputIssue } from '../src/rules/requests.ts';

/**
 * What an action is refused with, by a validator: nothing enters the history. The details are those of
 * every other failure (activities/failure.ts), so that the command line tells them apart.
 */
export function updateRejected(what: string, remedy: string): ApplicationFailure {
  const details = { what, where: null, remedy, requestId: null };
  return ApplicationFailure.nonRetryable(`${what}. ${remedy}`, 'action_refused', details);
}

/** Before anything is said of the stage: what is wrong in itself fits none. */
export function rejectInvalidInput(issue: InputIssue | null): void {
  if (issue === null) return;
  const { field, what, remedy } = issue;
  throw updateRejected(field === null ? what : `${field}: ${what}`, remedy);
}

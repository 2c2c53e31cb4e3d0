import { ApplicationFailure } from '@temporalio/common';
import { WorkflowFailedError, WorkflowUpdateFailedError } from '@temporalio/client';
import { isErrorCode, RowmillError } from '../../../errors.ts';
import { errorOfServer } from '../../../temporal/server-error.ts';

/** Converts the error of a failed run or a rejected action to a RowmillError. */
export function errorOfRun(error: unknown, workflowId: string): RowmillError {
  const failed = error instanceof WorkflowFailedError || error instanceof WorkflowUpdateFailedError;
  // A server that does not answer says nothing about the run.
  const unanswered = failed ? null : errorOfServer(error);
  if (unanswered !== null) return unanswered;
  const root = failed ? applicationFailureIn(error.cause) : undefined;
  const where = `run ${workflowId}`;
  if (root === undefined) {
    const what = failed ? (error.cause?.message ?? error.message) : textOf(error);
    return new RowmillError('run_failed', what, { where, cause: error });
  }
  const details = detailsOf(root);
  const code =
    root.type !== undefined && root.type !== null && isErrorCode(root.type)
      ? root.type
      : 'run_failed';
  return new RowmillError(code, details?.what ?? root.message, {
    where: details?.where ? `${where}, ${details.where}` : where,
    ...(details === null ? {} : { remedy: details.remedy }),
    cause: error,
  });
}

function applicationFailureIn(error: unknown): ApplicationFailure | undefined {
  for (let at = error; at instanceof Error; at = at.cause) {
    if (at instanceof ApplicationFailure) return at;
  }
  return undefined;
}

interface Details {
  what: string;
  where: string | null;
  remedy: string;
}

function detailsOf(failure: ApplicationFailure): Details | null {
  const first: unknown = failure.details?.[0];
  if (typeof first !== 'object' || first === null) return null;
  const { what, where, remedy } = first as Partial<Record<keyof Details, unknown>>;
  if (typeof what !== 'string' || typeof remedy !== 'string') return null;
  return { what, remedy, where: typeof where === 'string' ? where : null };
}

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

import { ApplicationFailure, workflowInfo } from '@temporalio/workflow';
import type { EnrichTableInput } from '../src/contract/run.ts';
import { provisionalPipeline, unreadable } from '../src/rules/input/argument.ts';
import { refuseLocked } from './locked-input.ts';
import type { RunState } from './run-state.ts';

/** Argument of a run. */
export interface Argument {
  /** Raw argument; `prepareRows` validates it. */
  given: unknown;
  /** Argument as far as the workflow itself uses it: safe before it is validated. */
  input: EnrichTableInput;
  /** State from the previous execution of the same chain; `null` in a new one. */
  carried: unknown;
}

/**
 * Reads the argument. @throws `spec_invalid` for one that cannot be passed to the validation,
 * `payload_key_missing` for one that cannot be decrypted
 */
export function readArgument(given: unknown): Argument {
  refuseLocked(given);
  const wrong = unreadable(given);
  if (wrong !== null) throw refused(wrong);
  // Safe cast: checked to be an object; each field is checked before it is used.
  const { resume, ...input } = given as Partial<EnrichTableInput> & { resume?: unknown };
  const goesOn = resume !== undefined && isCarried(resume);
  const { snapshot, approved, previousRun, night } = input;
  return {
    given: goesOn ? input : given,
    input: {
      pipeline: provisionalPipeline(input.pipeline),
      approved: approved === true,
      ...(snapshot === undefined ? {} : { snapshot }),
      ...(previousRun === undefined ? {} : { previousRun }),
      ...(night === undefined ? {} : { night }),
    },
    carried: goesOn ? resume : null,
  };
}

/** A client cannot know the id of the first run of a chain before the chain has begun. */
function isCarried(resume: unknown): boolean {
  const { continuedFromExecutionRunId, firstExecutionRunId, cronSchedule } = workflowInfo();
  if ((continuedFromExecutionRunId ?? '') === '') return false;
  // Unchecked so far. A cron schedule passes on what a client has sent.
  const { chain } = (resume ?? {}) as Partial<RunState>;
  return (cronSchedule ?? '') === '' && chain === firstExecutionRunId;
}

function refused(what: string): ApplicationFailure {
  const remedy = 'Send what `rowmill check FILE --json` prints under workflowInput.';
  const details = { what: `the workflow input: ${what}`, where: null, remedy, requestId: null };
  const message = `the workflow input: ${what} (spec_invalid). ${remedy}`;
  return ApplicationFailure.nonRetryable(message, 'spec_invalid', details);
}

import { ApplicationFailure, type Payload } from '@temporalio/common';
import { workflowInfo } from '@temporalio/workflow';
import { WORKFLOW_TYPE } from '../src/contract/names.ts';
import { LOCKED_METADATA } from '../src/contract/payloads.ts';

/** Input that this worker has no key for. */
export class LockedInput {
  readonly why: Why;

  constructor(why: Why) {
    this.why = why;
  }
}

interface Why {
  what: string;
  remedy: string;
}

/** False until the argument of the run has been read. */
let hasBegun = false;

/**
 * Returns the value of a payload that the codec could not decrypt. A run that has done nothing yet gets a
 * `LockedInput`, and fails. Any other one throws, which fails the workflow task: the run waits, and goes on
 * once a worker has the key.
 */
export function lockedValue(why: Why): LockedInput {
  const { workflowType, continuedFromExecutionRunId, unsafe } = workflowInfo();
  const isNew = !hasBegun && !unsafe.isReplaying && (continuedFromExecutionRunId ?? '') === '';
  if (isNew && workflowType === WORKFLOW_TYPE) return new LockedInput(why);
  // Not an Error, which would end the run as a defect.
  // eslint-disable-next-line @typescript-eslint/only-throw-error
  throw { name: 'payload_key_missing', message: `${why.what}. ${why.remedy}`, stack: '' };
}

/** Returns why a payload is locked; `null` for a readable one. */
export function lockOf({ metadata }: Payload): Why | null {
  const why = metadata?.[LOCKED_METADATA];
  if (why === undefined) return null;
  // Safe cast: written by the codec of this worker.
  return JSON.parse(new TextDecoder().decode(why)) as Why;
}

/** Refuses an argument that cannot be decrypted. @throws `payload_key_missing` */
export function refuseLocked(given: unknown): void {
  hasBegun = true;
  if (!(given instanceof LockedInput)) return;
  const { what, remedy } = given.why;
  const details = { what: `the workflow input: ${what}`, where: null, remedy, requestId: null };
  const message = `the workflow input: ${what} (payload_key_missing). ${remedy}`;
  throw ApplicationFailure.nonRetryable(message, 'payload_key_missing', details);
}

import { SEARCH_ATTRIBUTE, WORKFLOW_TYPE } from '../../../contract/names.ts';
import type { RunInfo } from './list.ts';

const WAITING = 'waiting for';

/** Outcomes that leave open work. */
const UNFINISHED = ['partial', 'cancelled', 'failed'] as const;

/** Temporal statuses of runs that ended without an outcome, as list and description spell them. */
const ENDED = {
  listed: ['Failed', 'TimedOut', 'Terminated'],
  described: ['timed out', 'terminated'],
};

/** Checks whether a run waits for an operator, or left work to one. */
export const needsPerson = ({ status, stage, outcome }: RunInfo): boolean =>
  status === 'RUNNING' && outcome === null
    ? stage !== null && (stage.startsWith(WAITING) || stage === 'paused')
    : [...UNFINISHED, ...ENDED.described].some((word) => word === outcome);

const listOf = (words: readonly string[]): string => words.map((word) => `"${word}"`).join(', ');

const { stage, outcome } = SEARCH_ATTRIBUTE;

/**
 * List filter of the server for `needsPerson`. The status column of its UI shows most of these runs
 * as completed.
 */
export const NEEDS_PERSON = [
  `WorkflowType = "${WORKFLOW_TYPE}" AND (`,
  `(ExecutionStatus = "Running" AND (${stage} STARTS_WITH "${WAITING}" OR ${stage} = "paused"))`,
  ` OR ${outcome} IN (${listOf(UNFINISHED)})`,
  ` OR ExecutionStatus IN (${listOf(ENDED.listed)}))`,
].join('');

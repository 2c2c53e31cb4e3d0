import { SEARCH_ATTRIBUTE, WORKFLOW_TYPE } from '../../contract/names.ts';
import type { RunInfo } from './list.ts';

const WAITING = 'waiting for';

/** Ends that leave something to do. */
const UNFINISHED = ['partial', 'cancelled', 'failed'] as const;

/** Temporal’s own words for runs that ended without a word of ours, as list and description spell them. */
const ENDED = { listed: ['Failed', 'TimedOut', 'Terminated'], told: ['timed out', 'terminated'] };

/** Whether a run waits for an operator, or left work to one. */
export const needsPerson = ({ status, stage, outcome }: RunInfo): boolean =>
  status === 'RUNNING' && outcome === null
    ? stage !== null && (stage.startsWith(WAITING) || stage === 'paused')
    : [...UNFINISHED, ...ENDED.told].some((word) => word === outcome);

const listOf = (words: readonly string[]): string => words.map((word) => `"${word}"`).join(', ');

const { stage, outcome } = SEARCH_ATTRIBUTE;

/** The same as a list filter of the server; the status column of its UI shows most of them as completed. */
export const NEEDS_PERSON = [
  `WorkflowType = "${WORKFLOW_TYPE}" AND (`,
  `(ExecutionStatus = "Running" AND (${stage} STARTS_WITH "${WAITING}" OR ${stage} = "paused"))`,
  ` OR ${outcome} IN (${listOf(UNFINISHED)})`,
  ` OR ExecutionStatus IN (${listOf(ENDED.listed)}))`,
].join('');

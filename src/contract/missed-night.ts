import type { MissedNight } from './notifications.ts';
import type { NotifyTarget } from './notify.ts';

/** Workflow that notifies of a missed night. */
export const MISSED_NIGHT_WORKFLOW_TYPE = 'missedNight';

export interface MissedNightInput {
  night: MissedNight;
  targets: NotifyTarget[];
  /** Run of the night, for the link to its page; `null`: there is none. */
  run: { workflowId: string; runId: string } | null;
}

/** Id of that workflow: one for each night. */
export const missedNightId = (schedule: string, dueAt: string): string =>
  `rowmill-missed:${schedule}:${dueAt}`;

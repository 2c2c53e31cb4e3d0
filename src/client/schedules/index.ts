/** Schedules of pipeline files with a `schedule` block. */
export { applySchedule, type AppliedSchedule, type ApplyOptions } from './apply.ts';
export { backfillSchedule, type BackfillOptions } from './backfill.ts';
export type { BackfillPlan, BackfillRange } from './scheduled-times.ts';
export { findSchedule, requireSchedule } from './describe.ts';
export { planOf, refuseUnplanned, type PreparedSchedule } from './plan.ts';
export { readSpan, type WrittenSpan } from './span.ts';
export { deleteSchedule, pauseSchedule, resumeSchedule, type DeletedSchedule } from './pause.ts';
export { triggerSchedule, type TriggerOptions } from './trigger.ts';
export type { TriggeredRun } from './idempotent-run.ts';
export {
  describeFound,
  describeSchedule,
  listSchedules,
  type ScheduledRun,
  type ScheduleInfo,
} from './describe.ts';
export { listMissedNights, type ScheduleDetails } from './missed-nights.ts';
export type { ClockChangeDay } from './clock-changes.ts';

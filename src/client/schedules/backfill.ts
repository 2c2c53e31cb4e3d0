import { createHash } from 'node:crypto';
import type { Client } from '@temporalio/client';
import proto from '@temporalio/proto';
import type { Pipeline } from '../../contract/pipeline.ts';
import { RowmillError } from '../../errors.ts';
import type { Store } from '../../store/store.ts';
import { requireSchedule, waitingRuns, type FoundSchedule } from './describe.ts';
import {
  jitterOf,
  scheduledPipeline,
  scheduledTimes,
  timestampOf,
  type BackfillPlan,
  type BackfillRange,
} from './scheduled-times.ts';

export interface BackfillOptions extends BackfillRange {
  /** Maximum number of runs; more are refused. @default 31 */
  maxRuns?: number;
  /** Called with the planned runs before any is started. Throws to reject them. */
  confirm?: (plan: BackfillPlan, pipeline: Pipeline) => Promise<void>;
}

const MAX_RUNS = 31;

/**
 * Starts the missing runs of a time span, one after the other. A time that has a run, with any
 * outcome, is skipped. Runs that expired in Temporal are found in the workers' store.
 * @throws RowmillError `usage` for an empty, reversed or too large span, `schedule_not_found`,
 * `action_refused` while an earlier backfill has runs waiting to start
 */
export async function backfillSchedule(
  client: Client,
  name: string,
  { from, to, maxRuns = MAX_RUNS, confirm }: BackfillOptions,
  store: Store | null = null,
): Promise<BackfillPlan> {
  const where = `schedule ${name}`;
  if (!(from.getTime() <= to.getTime())) {
    const remedy = 'Give the earlier time first; both are part of the span.';
    throw new RowmillError('usage', 'the span ends before it begins', { where, remedy });
  }
  if (to.getTime() > Date.now()) {
    const remedy = 'Give a span that is over; `rowmill schedule trigger` starts a run now.';
    throw new RowmillError('usage', 'the span reaches into the future', { where, remedy });
  }
  let isConfirmed = confirm === undefined;
  for (;;) {
    const found = await requireSchedule(client, name);
    const plan = await scheduledTimes(client, found, { from, to }, store);
    if (plan.due.length > maxRuns) {
      throw new RowmillError('usage', `the span has ${plan.due.length} runs, at most ${maxRuns}`, {
        where,
        remedy: 'Give a shorter span, or allow that many (--max-runs, `maxRuns`).',
      });
    }
    if (plan.due.length === 0) return plan;
    if (!isConfirmed) {
      await confirm?.(plan, scheduledPipeline(found));
      isConfirmed = true;
      continue;
    }
    // The runs were listed after the schedule was read: others may have started or queued since.
    const now = await requireSchedule(client, name);
    refuseWhileOthersWait(now);
    if (startedBy(now) > startedBy(found)) continue;
    await start(client, now, plan.due);
    return plan;
  }
}

/** Returns the number of runs started so far. */
const startedBy = ({ description }: FoundSchedule): number => description.info.numActionsTaken;

/** Rejects while other runs wait to start: they may be for the same times. */
function refuseWhileOthersWait(found: FoundSchedule): void {
  const waiting = waitingRuns(found);
  if (waiting === 0) return;
  const what = `runs of an earlier backfill, or of the schedule, wait to start: ${waiting}`;
  throw new RowmillError('action_refused', what, {
    where: `schedule ${found.description.scheduleId}`,
    remedy: 'Wait until they have begun: a time whose run is there gets no second one.',
  });
}

/**
 * Starts the runs with one request: the server may drop the first of two close ones. The request id
 * is derived from the work, so that equal concurrent backfills are accepted once. The same work
 * gets a new id after an hour, or when a run has started.
 */
async function start(client: Client, found: FoundSchedule, due: string[]): Promise<void> {
  const { scheduleId } = found.description;
  const { namespace, identity } = client.options;
  const hour = new Date().toISOString().slice(0, 'yyyy-mm-ddThh'.length);
  const work = createHash('sha256').update(JSON.stringify([due, startedBy(found), hour]));
  await client.workflowService.patchSchedule({
    namespace,
    scheduleId,
    identity,
    requestId: `backfill-${work.digest('hex')}`,
    // One range for each run, because runs in between exist. The server excludes the start of a
    // range and counts jitter in ns.
    patch: {
      backfillRequest: due.map((time) => ({
        startTime: timestampOf(new Date(Date.parse(time) - jitterOf(found) - 1)),
        endTime: timestampOf(new Date(Date.parse(time) + 1)),
        // Sequential: the runs publish to the same path.
        overlapPolicy: SCHEDULE_OVERLAP_POLICY_BUFFER_ALL,
      })),
    },
  });
}

const { SCHEDULE_OVERLAP_POLICY_BUFFER_ALL } = proto.temporal.api.enums.v1.ScheduleOverlapPolicy;

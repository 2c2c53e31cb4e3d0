import { createHash } from 'node:crypto';
import type { Client } from '@temporalio/client';
import proto from '@temporalio/proto';
import { WORKFLOW_TYPE } from '../../contract/names.ts';
import type { Pipeline } from '../../contract/pipeline.ts';
import type { EnrichTableInput } from '../../contract/run.ts';
import { RowmillError } from '../../errors.ts';
import type { Store } from '../../store/store.ts';
import { requireSchedule, waitingRuns, type FoundSchedule, scheduleIn } from './describe.ts';

export interface BackfillRange {
  from: Date;
  /** End of the span, included. */
  to: Date;
}

export interface BackfillOptions extends BackfillRange {
  /** Maximum number of runs; more are refused. @default 31 */
  maxRuns?: number;
  /** Called with the planned runs before any is started. Throws to reject them. */
  confirm?: (plan: BackfillPlan, pipeline: Pipeline) => Promise<void>;
}

export interface BackfillPlan {
  /** Times whose runs are started now, ISO 8601, oldest first. */
  due: string[];
  /** Times that have a run already, with its workflow id. */
  existing: { dueAt: string; workflowId: string }[];
}

const MAX_RUNS = 31;
const MINUTE_MS = 60_000;

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
    const plan = await planOf(client, found, { from, to }, store);
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

/** Safe cast: `apply` wrote the pipeline. */
const scheduledPipeline = ({ description }: FoundSchedule): Pipeline =>
  (description.action.args?.[0] as EnrichTableInput).pipeline;

const jitterOf = ({ description }: FoundSchedule): number => scheduleIn(description)?.jitterMs ?? 0;

async function planOf(
  client: Client,
  found: FoundSchedule,
  range: BackfillRange,
  store: Store | null,
): Promise<BackfillPlan> {
  const name = found.description.scheduleId;
  const times = await timesIn(client, found, range);
  const there = [...remembered(found), ...(await runsOf(client, name))];
  const plan: BackfillPlan = { due: [], existing: [] };
  for (const timeMs of times) {
    const dueAt = new Date(timeMs).toISOString();
    // A run is named by its time before the jitter.
    const earliestMs = timeMs - jitterOf(found);
    const run = there.find(({ dueMs }) => dueMs <= timeMs && dueMs >= earliestMs);
    const workflowId = run?.workflowId ?? (await storedRun(store, name, earliestMs, timeMs));
    if (workflowId === null) plan.due.push(dueAt);
    else plan.existing.push({ dueAt, workflowId });
  }
  return plan;
}

/** Finds a run of this time range in the store. */
async function storedRun(
  store: Store | null,
  name: string,
  earliestMs: number,
  latestMs: number,
): Promise<string | null> {
  if (store === null) return null;
  // A schedule's times are whole minutes.
  const lastMs = latestMs - (latestMs % MINUTE_MS);
  for (let dueMs = lastMs; dueMs >= earliestMs; dueMs -= MINUTE_MS) {
    const workflowId = `${name}-${new Date(dueMs).toISOString().replace('.000Z', 'Z')}`;
    if ((await store.firstRuns(workflowId)).length > 0) return workflowId;
  }
  return null;
}

/** Returns the newest runs, which the schedule lists longer than the server retains them. */
const remembered = ({ description }: FoundSchedule): RunThere[] =>
  description.info.recentActions.map(({ scheduledAt, action }) => ({
    workflowId: action.workflow.workflowId,
    dueMs: scheduledAt.getTime(),
  }));

/**
 * Lists the times of the schedule within the span, as the server calculates them; ms, oldest first.
 * The server returns them in batches and excludes the start of the request.
 */
async function timesIn(
  client: Client,
  found: FoundSchedule,
  { from, to }: BackfillRange,
): Promise<number[]> {
  const times: number[] = [];
  // Jitter may move a time before the span into it.
  let after = new Date(from.getTime() - jitterOf(found) - 1);
  for (;;) {
    const reply = await client.workflowService.listScheduleMatchingTimes({
      namespace: client.options.namespace,
      scheduleId: found.description.scheduleId,
      startTime: timestampOf(after),
      endTime: timestampOf(to),
    });
    const more = reply.startTime.map(
      ({ seconds, nanos }) => Number(String(seconds ?? 0)) * 1_000 + (nanos ?? 0) / 1e6,
    );
    const last = more.at(-1);
    if (last === undefined) return times.filter((ms) => ms >= from.getTime());
    times.push(...more);
    after = new Date(Math.ceil(last));
  }
}

const timestampOf = (date: Date) => {
  const ms = date.getTime();
  const seconds = Math.floor(ms / 1_000);
  return proto.google.protobuf.Timestamp.fromObject({
    seconds,
    nanos: (ms - seconds * 1_000) * 1e6,
  });
};

interface RunThere {
  workflowId: string;
  /** Scheduled time of the run. */
  dueMs: number;
}

/** Lists the runs that the schedule started, by the time that Temporal appended to their names. */
async function runsOf(client: Client, name: string): Promise<RunThere[]> {
  const runs: RunThere[] = [];
  const query = `WorkflowType = '${WORKFLOW_TYPE}' AND WorkflowId STARTS_WITH '${name}-'`;
  for await (const { workflowId } of client.workflow.list({ query })) {
    const time = workflowId.slice(name.length + 1);
    if (NOMINAL.test(time)) runs.push({ workflowId, dueMs: Date.parse(time) });
  }
  return runs;
}

/** 2026-01-31T01:30:00Z */
const NOMINAL = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;

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

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
  /** Included. */
  to: Date;
}

export interface BackfillOptions extends BackfillRange {
  /** More runs than this are refused. @default 31 */
  maxRuns?: number;
  /** Called with the runs that would start, before any does. Throws to refuse them. */
  confirm?: (plan: BackfillPlan, pipeline: Pipeline) => Promise<void>;
}

export interface BackfillPlan {
  /** Times that get their run now, ISO 8601, oldest first. */
  due: string[];
  /** Times whose run is there already, with its workflow id. */
  existing: { dueAt: string; workflowId: string }[];
}

const MAX_RUNS = 31;
const MINUTE_MS = 60_000;

/**
 * Starts the runs of a span of time that have not taken place, one after the other. A time whose run
 * is there (whatever came of it) is left alone: no night runs twice. The store of the workers
 * has the runs that have expired in Temporal.
 * @throws RowmillError `usage` for an empty, reversed or too large span, `schedule_not_found`,
 *   `action_refused` while runs of an earlier one wait to start
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
    // The runs were asked for after the schedule: others may have begun, or wait, since.
    const now = await requireSchedule(client, name);
    refuseWhileOthersWait(now);
    if (startedBy(now) > startedBy(found)) continue;
    await start(client, now, plan.due);
    return plan;
  }
}

/** How many runs it has started so far. */
const startedBy = ({ description }: FoundSchedule): number => description.info.numActionsTaken;

/** Some of these times may be among those that they stand for. */
function refuseWhileOthersWait(found: FoundSchedule): void {
  const waiting = waitingRuns(found);
  if (waiting === 0) return;
  const what = `runs of an earlier backfill, or of the schedule, wait to start: ${waiting}`;
  throw new RowmillError('action_refused', what, {
    where: `schedule ${found.description.scheduleId}`,
    remedy: 'Wait until they have begun: a time whose run is there gets no second one.',
  });
}

/** What the schedule runs; it was written by `apply`. */
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

/** The run of a time within this span that has left something in the store. */
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

/** The newest runs; the schedule knows of them for longer than the server keeps them. */
const remembered = ({ description }: FoundSchedule): RunThere[] =>
  description.info.recentActions.map(({ scheduledAt, action }) => ({
    workflowId: action.workflow.workflowId,
    dueMs: scheduledAt.getTime(),
  }));

/**
 * The times of the schedule within the span, as the server counts them; ms, oldest first. It gives
 * some at a time, and leaves out the start it is asked for.
 */
async function timesIn(
  client: Client,
  found: FoundSchedule,
  { from, to }: BackfillRange,
): Promise<number[]> {
  const times: number[] = [];
  // A time before the span may be moved into it.
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
  /** The time it stands for. */
  dueMs: number;
}

/** The runs that the schedule has started, by the time that Temporal put behind their names. */
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
 * One request: of two that come within a moment the server may forget the first. It is named by its
 * work, so that of equal backfills that were planned at the same moment the server takes one. It
 * remembers such names for a while; the same work is a new one when a run has begun since, or an hour.
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
    // A span of its own for each: those in between have their run. The server leaves its start out,
    // and counts a jitter in ns.
    patch: {
      backfillRequest: due.map((time) => ({
        startTime: timestampOf(new Date(Date.parse(time) - jitterOf(found) - 1)),
        endTime: timestampOf(new Date(Date.parse(time) + 1)),
        // One after the other: they write the same results.
        overlapPolicy: SCHEDULE_OVERLAP_POLICY_BUFFER_ALL,
      })),
    },
  });
}

const { SCHEDULE_OVERLAP_POLICY_BUFFER_ALL } = proto.temporal.api.enums.v1.ScheduleOverlapPolicy;

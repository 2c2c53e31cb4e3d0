import type { Client } from '@temporalio/client';
import proto from '@temporalio/proto';
import { WORKFLOW_TYPE } from '../../contract/names.ts';
import type { Pipeline } from '../../contract/pipeline.ts';
import type { EnrichTableInput } from '../../contract/run.ts';
import type { Store } from '../../store/store.ts';
import { msOfTimestamp } from '../../temporal/timestamp.ts';
import { scheduleIn, type FoundSchedule } from './describe.ts';

export interface BackfillRange {
  from: Date;
  /** End of the span, included. */
  to: Date;
}

export interface BackfillPlan {
  /** Times whose runs are started now, ISO 8601, oldest first. */
  due: string[];
  /** Times that have a run already, with its workflow id. */
  existing: { dueAt: string; workflowId: string }[];
}

const MINUTE_MS = 60_000;

/** Safe cast: `apply` wrote the pipeline. */
export const scheduledPipeline = ({ description }: FoundSchedule): Pipeline =>
  (description.action.args?.[0] as EnrichTableInput).pipeline;

export const jitterOf = ({ description }: FoundSchedule): number =>
  scheduleIn(description)?.jitterMs ?? 0;

/**
 * Lists the times of a schedule within the span, with their runs. Runs that expired in Temporal are
 * found in the workers' store.
 */
export async function scheduledTimes(
  client: Client,
  found: FoundSchedule,
  range: BackfillRange,
  store: Store | null,
): Promise<BackfillPlan> {
  const name = found.description.scheduleId;
  const times = await timesIn(client, found, range);
  if (times.length === 0) return { due: [], existing: [] };
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
    const more = reply.startTime.map((time) => msOfTimestamp(time) ?? 0);
    const last = more.at(-1);
    if (last === undefined) return times.filter((ms) => ms >= from.getTime());
    times.push(...more);
    after = new Date(Math.ceil(last));
  }
}

export const timestampOf = (date: Date) => {
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

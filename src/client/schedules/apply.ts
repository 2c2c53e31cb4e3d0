import { isDeepStrictEqual } from 'node:util';
import { ScheduleAlreadyRunning, type Client, type ScheduleDescription } from '@temporalio/client';
import { MEMO_FILE, MEMO_SCHEDULE } from '../../contract/names.ts';
import { RowmillError } from '../../errors.ts';
import type { LoadedPipeline } from '../../spec/index.ts';
import { invalidArgument } from '../invalid-argument.ts';
import { findSchedule, isOurs, type FoundSchedule } from './find.ts';
import { planOf, type PlanOptions, type SchedulePlan } from './plan.ts';

export interface ApplyOptions extends PlanOptions {
  /** Takes over a schedule of this name that is of another file or owner. @default false */
  replace?: boolean;
}

export interface AppliedSchedule {
  name: string;
  done: 'created' | 'updated' | 'unchanged';
  /** What is different now: `schedule`, `pipeline`, `queue`, `file`. */
  changed: string[];
}

/**
 * Makes the schedule of a pipeline file, or brings the one there is up to date. Safe to repeat: an
 * operator's pause and note stay as they are, and so do runs under way.
 * @throws RowmillError `usage`, `schedule_conflict`
 */
export async function applySchedule(
  client: Client,
  loaded: LoadedPipeline,
  options: ApplyOptions,
): Promise<AppliedSchedule> {
  const plan = planOf(loaded, options);
  const found = await findSchedule(client, plan.scheduleId);
  if (found !== null) return update(found, plan, options.replace === true);
  try {
    await client.schedule.create(plan);
    return { name: plan.scheduleId, done: 'created', changed: [] };
  } catch (error) {
    // Somebody else was faster by a moment.
    const now =
      error instanceof ScheduleAlreadyRunning ? await findSchedule(client, plan.scheduleId) : null;
    if (now !== null) return update(now, plan, options.replace === true);
    throw refusedByServer(error, plan);
  }
}

async function update(
  { handle, description }: FoundSchedule,
  plan: SchedulePlan,
  replace: boolean,
): Promise<AppliedSchedule> {
  refuseOthers(description, plan, replace);
  const changed = changesOf(description, plan);
  if (changed.length === 0) return { name: plan.scheduleId, done: 'unchanged', changed };
  try {
    await handle.update((now) => {
      // Somebody may have taken it over since.
      refuseOthers(now, plan, replace);
      return { ...plan, state: now.state };
    });
  } catch (error) {
    throw refusedByServer(error, plan);
  }
  return { name: plan.scheduleId, done: 'updated', changed };
}

function refuseOthers(found: ScheduleDescription, plan: SchedulePlan, replace: boolean): void {
  const { workflowType, memo } = found.action;
  if (!isOurs(found)) {
    throw conflict(plan, `it starts ${workflowType}, which is none of rowmill’s`);
  }
  if (!replace && changesOf(found, plan).includes('file')) {
    throw conflict(plan, `it is of another owner: ${String(memo?.[MEMO_FILE])}`);
  }
}

function changesOf({ action }: ScheduleDescription, plan: SchedulePlan): string[] {
  const before = (name: string): unknown => action.memo?.[name];
  const same: [string, unknown, unknown][] = [
    ['file', before(MEMO_FILE), plan.action.memo?.[MEMO_FILE]],
    ['schedule', before(MEMO_SCHEDULE), plan.action.memo?.[MEMO_SCHEDULE]],
    ['pipeline', action.args, plan.action.args],
    ['queue', action.taskQueue, plan.action.taskQueue],
  ];
  return same.flatMap(([what, is, wanted]) =>
    isDeepStrictEqual(plain(is), plain(wanted)) ? [] : [what],
  );
}

/** As it looks after its way through JSON: without what is undefined. */
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value ?? null));

const conflict = (plan: SchedulePlan, what: string): RowmillError =>
  new RowmillError('schedule_conflict', what, { where: `schedule ${plan.scheduleId}` });

/** The server knows fewer time zones than this machine, say. */
function refusedByServer(error: unknown, plan: SchedulePlan): unknown {
  const said = invalidArgument(error);
  if (said === null) return error;
  return new RowmillError('usage', `the server refuses the schedule: ${said}`, {
    where: `schedule ${plan.scheduleId}`,
    remedy: 'Mend what the server names; it may know fewer time zones than this machine.',
    cause: error,
  });
}

import { isDeepStrictEqual } from 'node:util';
import {
  ScheduleAlreadyRunning,
  type Client,
  type ScheduleDescription,
  ScheduleNotFoundError,
} from '@temporalio/client';
import { MEMO_FILE, MEMO_OWNER, MEMO_SCHEDULE } from '../../contract/names.ts';
import { RowmillError } from '../../errors.ts';
import { invalidArgument, hasStatus } from '../../temporal/grpc-errors.ts';
import { schedulesSeenAs, type Seen } from '../../temporal/sdk-workarounds.ts';
import { findSchedule, isOurs } from './describe.ts';
import { planOf, type PlanOptions, type PreparedSchedule, type SchedulePlan } from './plan.ts';

export interface ApplyOptions extends PlanOptions {
  /** Takes over a schedule of this name that is of another file or owner. @default false */
  replace?: boolean;
}

export interface AppliedSchedule {
  name: string;
  done: 'created' | 'updated' | 'unchanged';
  /** What is different now: `schedule`, `pipeline`, `owner`, `queue`, `file`. */
  changed: string[];
}

/**
 * Makes the schedule of a pipeline file, or brings the one there is up to date. Safe to repeat: an
 * operator's pause and note stay as they are, and so do runs under way.
 * @throws RowmillError `usage`, `schedule_conflict`
 */
export async function applySchedule(
  client: Client,
  loaded: PreparedSchedule,
  options: ApplyOptions,
): Promise<AppliedSchedule> {
  const plan = planOf(loaded, options);
  const judge = (found: ScheduleDescription): void =>
    refuseOthers(found, plan, options.replace === true);
  const name = plan.scheduleId;
  let changed: string[] | null = null;
  for (let tries = 0; tries < TRIES; tries += 1) {
    const found = await findSchedule(client, name);
    if (found === null) {
      if (await create(client, plan)) return { name, done: 'created', changed: [] };
      continue;
    }
    judge(found.description);
    const changes = changesOf(found.description, plan);
    if (changes.length === 0) {
      return { name, done: changed === null ? 'unchanged' : 'updated', changed: changed ?? [] };
    }
    changed ??= changes;
    await updateSchedule(client, plan, judge).catch((error: unknown) => {
      throw refusedByServer(error, plan);
    });
  }
  throw conflict(plan, 'others change it all the time');
}

const TRIES = 10;

/** Creates the schedule; `false` where another client was faster. */
async function create(client: Client, plan: SchedulePlan): Promise<boolean> {
  try {
    await client.schedule.create(plan);
    return true;
  } catch (error) {
    if (error instanceof ScheduleAlreadyRunning) return false;
    throw refusedByServer(error, plan);
  }
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
    ['owner', before(MEMO_OWNER), plan.action.memo?.[MEMO_OWNER]],
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
    remedy: 'Correct what the server names; it may know fewer time zones than this machine.',
    cause: error,
  });
}

/**
 * Asks the server to put the plan in the place of what is there. It replaces the whole, a pause
 * among it, so it leaves the schedule alone where that has changed since it was looked at. Which of
 * the two it did the server may not say: look again.
 * @param judge Throws where what is there must not be replaced.
 */
async function updateSchedule(
  client: Client,
  plan: SchedulePlan,
  judge: (found: ScheduleDescription) => void,
): Promise<void> {
  const seen: Seen = { token: null };
  const handle = schedulesSeenAs(client, seen).getHandle(plan.scheduleId);
  try {
    await handle.update((found) => {
      judge(found);
      seen.token = found.raw.conflictToken;
      return { ...plan, state: found.state };
    });
  } catch (error) {
    if (!isGone(error)) throw error;
  }
}

/** Deleted since, or changed, where the server does say it. */
const isGone = (error: unknown): boolean =>
  error instanceof ScheduleNotFoundError || hasStatus(error, 'FAILED_PRECONDITION');

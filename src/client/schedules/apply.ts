import { isDeepStrictEqual } from 'node:util';
import {
  ScheduleAlreadyRunning,
  type Client,
  type ScheduleDescription,
  ScheduleNotFoundError,
} from '@temporalio/client';
import { MEMO_FILE, MEMO_OWNER, MEMO_SCHEDULE } from '../../contract/names.ts';
import { RowmillError } from '../../errors.ts';
import { isEncodedAsNow } from '../../temporal/data-converter.ts';
import { invalidArgument, hasStatus } from '../../temporal/grpc-errors.ts';
import { schedulesSeenAs, type Seen } from '../../temporal/sdk-workarounds.ts';
import { findSchedule, startsRuns } from './describe.ts';
import { planOf, type PlanOptions, type PreparedSchedule, type SchedulePlan } from './plan.ts';

export interface ApplyOptions extends PlanOptions {
  /** Replaces a schedule of this name that belongs to another file or owner. @default false */
  replace?: boolean;
}

export interface AppliedSchedule {
  name: string;
  done: 'created' | 'updated' | 'unchanged';
  /**
   * Changed parts: `schedule`, `pipeline`, `owner`, `queue`, `file`; `encryption` if another payload key encrypts
   * from now on.
   */
  changed: string[];
}

/**
 * Creates or updates the schedule of a pipeline file. Safe to repeat: an operator's pause and note,
 * and runs in progress, are kept.
 * @throws RowmillError `usage`, `schedule_conflict`
 */
export async function applySchedule(
  client: Client,
  loaded: PreparedSchedule,
  options: ApplyOptions,
): Promise<AppliedSchedule> {
  const plan = planOf(loaded, options);
  const rejectIfUnfit = (found: ScheduleDescription): void =>
    refuseOthers(found, plan, options.replace === true);
  const name = plan.scheduleId;
  let changed: string[] | null = null;
  for (let tries = 0; tries < TRIES; tries += 1) {
    const found = await findSchedule(client, name);
    if (found === null) {
      if (await create(client, plan)) return { name, done: 'created', changed: [] };
      continue;
    }
    rejectIfUnfit(found.description);
    const changes = [
      ...changesOf(found.description, plan),
      ...((await isEncodedAsNow(client, inputOf(found.description))) ? [] : ['encryption']),
    ];
    if (changes.length === 0) {
      return { name, done: changed === null ? 'unchanged' : 'updated', changed: changed ?? [] };
    }
    changed ??= changes;
    await updateSchedule(client, plan, rejectIfUnfit).catch((error: unknown) => {
      throw refusedByServer(error, plan);
    });
  }
  throw conflict(plan, 'others change it all the time');
}

const TRIES = 10;

/** Creates the schedule; `false` if another client created it first. */
async function create(client: Client, plan: SchedulePlan): Promise<boolean> {
  try {
    await client.schedule.create(plan);
    return true;
  } catch (error) {
    if (error instanceof ScheduleAlreadyRunning) return false;
    throw refusedByServer(error, plan);
  }
}

const inputOf = ({ raw }: ScheduleDescription) =>
  raw.schedule?.action?.startWorkflow?.input?.payloads?.[0];

function refuseOthers(found: ScheduleDescription, plan: SchedulePlan, replace: boolean): void {
  const { workflowType, memo } = found.action;
  if (!startsRuns(found)) {
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

/** Normalizes a value through JSON, which drops undefined fields. */
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value ?? null));

const conflict = (plan: SchedulePlan, what: string): RowmillError =>
  new RowmillError('schedule_conflict', what, { where: `schedule ${plan.scheduleId}` });

/** Explains a rejection by the server, which may know fewer time zones than this machine. */
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
 * Replaces the schedule on the server, unless it changed since it was read: an operator's pause
 * must survive. The server may not report a conflict, so read the schedule again.
 * @param rejectIfUnfit Throws if the existing schedule must not be replaced.
 */
async function updateSchedule(
  client: Client,
  plan: SchedulePlan,
  rejectIfUnfit: (found: ScheduleDescription) => void,
): Promise<void> {
  const seen: Seen = { token: null };
  const handle = schedulesSeenAs(client, seen).getHandle(plan.scheduleId);
  try {
    await handle.update((found) => {
      rejectIfUnfit(found);
      seen.token = found.raw.conflictToken;
      return { ...plan, state: found.state };
    });
  } catch (error) {
    if (!isGone(error)) throw error;
  }
}

/** Detects that the schedule was deleted or changed since, if the server reports it. */
const isGone = (error: unknown): boolean =>
  error instanceof ScheduleNotFoundError || hasStatus(error, 'FAILED_PRECONDITION');

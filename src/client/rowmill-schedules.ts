import type { Client } from '@temporalio/client';
import type { Pipeline } from '../contract/pipeline.ts';
import { RowmillError } from '../errors.ts';
import type { Env } from '../env.ts';
import type { PipelineSource } from './pipelines/read.ts';
import { prepareSchedule } from './schedules/prepare.ts';
import { isSeen } from './runs/lookup/ownership.ts';
import { withServerErrors } from '../temporal/server-error.ts';
import type { RunLink } from './rowmill-run.ts';
import {
  applySchedule,
  backfillSchedule,
  deleteSchedule,
  findSchedule,
  requireSchedule,
  describeFound,
  listMissedNights,
  listSchedules,
  pauseSchedule,
  readSpan,
  resumeSchedule,
  triggerSchedule,
  type AppliedSchedule,
  type BackfillOptions,
  type BackfillPlan,
  type BackfillRange,
  type DeletedSchedule,
  type PreparedSchedule,
  type ScheduleDetails,
  type ScheduleInfo,
  type TriggeredRun,
  type TriggerOptions,
  type WrittenSpan,
} from './schedules/index.ts';

/** Builds the owner shown for a schedule without a file. */
const sentBy = (owner = 'a backend'): string => `sent by ${owner}`;

export interface ApplyScheduleOptions {
  /** Pipeline with a `schedule` block: the path of its file, its text, or an object. */
  pipeline: PipelineSource;
  /**
   * Owner of the schedule, like `billing`. A schedule of another owner, or of a file, is refused.
   * @default the path of the file; all texts and objects without an owner share one
   */
  owner?: string;
  /** Replaces a schedule of this name that belongs to another file or owner. @default false */
  replace?: boolean;
  /**
   * Directory that relative paths of a text or an object start from. @default the working directory
   */
  baseDir?: string;
  /** Checks the pipeline before the schedule is made, and throws to reject it. */
  validate?: (pipeline: Pipeline) => Promise<void> | void;
}

/** Options of `RowmillSchedules.prepare`, which needs no server. */
export interface PrepareScheduleOptions extends Pick<
  ApplyScheduleOptions,
  'pipeline' | 'baseDir' | 'validate'
> {
  /** Environment whose token values the pipeline must not contain. @default process.env */
  env?: Env;
}

export interface AppliedAs extends Pick<ApplyScheduleOptions, 'owner' | 'replace'> {
  /** True if the schedule belongs to its pipeline file and has no owner. @default false */
  isOfFile?: boolean;
}

/**
 * Schedules of pipelines; a schedule has the name of its pipeline.
 *
 * ```ts
 * await rowmill.schedules.apply({ pipeline: 'pipeline.yaml' });
 * const { next } = await rowmill.schedules.describe('sp500-profile');
 * ```
 */
export class RowmillSchedules {
  readonly #link: RunLink;
  readonly #env: Env;

  constructor(link: RunLink, env: Env) {
    this.#link = link;
    this.#env = env;
  }

  /**
   * Creates the schedule of a pipeline, or updates it. Safe to repeat; keeps a pause.
   * @throws SpecError `spec_invalid`, `spec_has_secret`; RowmillError `spec_not_found`, `usage` for
   * a pipeline that cannot be scheduled, `schedule_conflict`
   */
  async apply(options: ApplyScheduleOptions): Promise<AppliedSchedule> {
    const { pipeline, owner } = options;
    if (owner?.trim() === '') throw new RowmillError('usage', '`owner` is empty');
    const prepared = await prepareSchedule({ ...options, env: this.#env });
    const isOfFile = typeof pipeline === 'string' && owner === undefined;
    return this.applyPrepared(prepared, { ...options, isOfFile });
  }

  /**
   * Prepares a schedule without a server; `applyPrepared` completes it.
   * @throws the errors of `apply` before its first request to the server
   */
  static prepare({
    env = process.env,
    ...options
  }: PrepareScheduleOptions): Promise<PreparedSchedule> {
    return prepareSchedule({ ...options, env });
  }

  /**
   * Parses a time span: days (UTC, whole) or times, both included. A last day that is today ends
   * now.
   * @param nameOf Name of a field as the caller wrote it, for errors.
   * @throws RowmillError `usage` for an invalid day or time
   */
  static readSpan(
    span: WrittenSpan,
    nameOf: (edge: keyof WrittenSpan) => string = (edge) => edge,
  ): BackfillRange {
    return readSpan(span, nameOf);
  }

  /** Applies a schedule that `prepare` returned. @throws RowmillError `schedule_conflict` */
  async applyPrepared(
    prepared: PreparedSchedule,
    { owner, replace = false, isOfFile = false }: AppliedAs,
  ): Promise<AppliedSchedule> {
    const { client, taskQueue } = this.#link;
    const searchAttributes = await this.#link.searchAttributes();
    const keeper = isOfFile ? {} : { madeFrom: sentBy(owner), owner };
    return withServerErrors(client, () =>
      applySchedule(client, prepared, { taskQueue, searchAttributes, replace, ...keeper }),
    );
  }

  /** Lists all schedules by name, each with its newest run. */
  list({ owner }: { owner?: string | undefined } = {}): Promise<ScheduleInfo[]> {
    return this.#ask((client) => listSchedules(client, owner));
  }

  /** Checks whether the owner has a schedule of this name. */
  async isOf(name: string, owner: string): Promise<boolean> {
    const found = await this.#ask((client) => findSchedule(client, name));
    return found !== null && isSeen(found.description.action, owner);
  }

  /**
   * Rejects a missing schedule and one of another owner. @throws RowmillError `schedule_not_found`
   */
  async refuseOthers(name: string, owner: string | undefined): Promise<void> {
    if (owner === undefined) return;
    await this.#ask((client) => requireSchedule(client, name, owner));
  }

  /**
   * Returns a schedule with its newest ten runs, and the nights of the last 30 days that were missed.
   * @throws RowmillError `schedule_not_found`
   */
  describe(name: string): Promise<ScheduleDetails> {
    return this.#ask(async (client) => {
      const found = await requireSchedule(client, name);
      const info = await describeFound(client, found);
      const missedNights = await listMissedNights(client, this.#link.store, found);
      return { ...info, missedNights };
    });
  }

  /**
   * Pauses the schedule until `resume`; runs in progress continue. @throws RowmillError
   * `schedule_not_found`
   */
  pause(name: string, note?: string): Promise<void> {
    return this.#ask((client) => pauseSchedule(client, name, note));
  }

  /**
   * Resumes the schedule; runs missed during the pause are not started. @throws RowmillError
   * `schedule_not_found`
   */
  resume(name: string, note?: string): Promise<void> {
    return this.#ask((client) => resumeSchedule(client, name, note));
  }

  /**
   * Starts a run now, also of a paused schedule. With a `key` it is safe to repeat: the same key
   * returns the same run, with `attached` true.
   *
   * ```ts
   * const { workflowId } = await rowmill.schedules.trigger('sp500-profile', { key: 'order-4711' });
   * const run = await rowmill.attach(workflowId);
   * ```
   * @throws RowmillError `schedule_not_found`, `action_refused` while another run of it is in progress,
   *   `run_conflict`
   */
  trigger(name: string, options: TriggerOptions = {}): Promise<TriggeredRun> {
    return this.#ask((client) => triggerSchedule(client, name, options, this.#link.store));
  }

  /**
   * Starts the runs of a time span that have not taken place, one after the other.
   * @throws RowmillError `schedule_not_found`, `usage` for an empty, reversed, future or too large
   * span, `action_refused` while an earlier backfill has runs waiting to start
   */
  backfill(name: string, span: BackfillOptions): Promise<BackfillPlan> {
    return this.#ask((client) => backfillSchedule(client, name, span, this.#link.store));
  }

  /**
   * Deletes the schedule. Runs in progress and results remain. Runs that wait to start are dropped
   * and counted.
   * @throws RowmillError `schedule_not_found`
   */
  delete(name: string): Promise<DeletedSchedule> {
    return this.#ask((client) => deleteSchedule(client, name));
  }

  #ask<T>(work: (client: Client) => Promise<T>): Promise<T> {
    const { client } = this.#link;
    return withServerErrors(client, () => work(client));
  }
}

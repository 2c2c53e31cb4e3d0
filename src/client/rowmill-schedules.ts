import type { Client } from '@temporalio/client';
import type { Pipeline } from '../contract/pipeline.ts';
import { RowmillError } from '../errors.ts';
import type { Env } from '../env.ts';
import type { PipelineSource } from './pipelines/read.ts';
import { prepareSchedule } from './schedules/prepare.ts';
import { isSeen } from './runs/owned.ts';
import { inOurWords } from '../temporal/server-error.ts';
import type { RunLink } from './rowmill-run.ts';
import {
  applySchedule,
  backfillSchedule,
  deleteSchedule,
  findSchedule,
  requireSchedule,
  describeSchedule,
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
  type ScheduleInfo,
  type TriggeredRun,
  type TriggerOptions,
  type WrittenSpan,
} from './schedules/index.ts';

/** Owner shown for a schedule that has no file. */
const sentBy = (owner = 'a backend'): string => `sent by ${owner}`;

export interface ApplyScheduleOptions {
  /** With a `schedule` block: the path of a pipeline file, its text, or the same as an object. */
  pipeline: PipelineSource;
  /**
   * Who keeps the schedule, like `billing`: a schedule of another owner, or of a file, is refused.
   * @default the path of the file; all texts and objects without an owner are of the same one
   */
  owner?: string;
  /** Takes over a schedule of this name that is of another file or owner. @default false */
  replace?: boolean;
  /** Where relative paths of a text or an object start. @default the working directory */
  baseDir?: string;
  /** Judges the pipeline before the schedule is made; throws what it refuses. */
  validate?: (pipeline: Pipeline) => Promise<void> | void;
}

/** What `RowmillSchedules.prepare` needs, which knows no server. */
export interface PrepareScheduleOptions extends Pick<
  ApplyScheduleOptions,
  'pipeline' | 'baseDir' | 'validate'
> {
  /** Where token values are looked up, to find them in the pipeline. @default process.env */
  env?: Env;
}

export interface AppliedAs extends Pick<ApplyScheduleOptions, 'owner' | 'replace'> {
  /** Its pipeline file keeps it, and no owner. @default false */
  isOfFile?: boolean;
}

/**
 * Pipelines that run by themselves; a schedule has the name of its pipeline.
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
   * Makes the schedule of a pipeline, or brings it up to date. Safe to repeat; keeps a pause.
   * @throws SpecError `spec_invalid`, `spec_has_secret`; RowmillError `spec_not_found`, `usage` for
   *   what cannot run by itself, `schedule_conflict`
   */
  async apply(options: ApplyScheduleOptions): Promise<AppliedSchedule> {
    const { pipeline, owner } = options;
    if (owner?.trim() === '') throw new RowmillError('usage', '`owner` is empty');
    const prepared = await prepareSchedule({ ...options, env: this.#env });
    const isOfFile = typeof pipeline === 'string' && owner === undefined;
    return this.applyPrepared(prepared, { ...options, isOfFile });
  }

  /**
   * The first half of `apply`, which needs no server.
   * @throws what `apply` throws before it asks the server
   */
  static prepare({
    env = process.env,
    ...options
  }: PrepareScheduleOptions): Promise<PreparedSchedule> {
    return prepareSchedule({ ...options, env });
  }

  /**
   * Reads a span of time as days (UTC, whole) or times, both included; a last day that is today ends now.
   * @param nameOf What the two are called where they were written, for errors.
   * @throws RowmillError `usage` for what is no day and no time
   */
  static readSpan(
    span: WrittenSpan,
    nameOf: (edge: keyof WrittenSpan) => string = (edge) => edge,
  ): BackfillRange {
    return readSpan(span, nameOf);
  }

  /** The second half of `apply`, for what was prepared elsewhere. @throws RowmillError `schedule_conflict` */
  async applyPrepared(
    prepared: PreparedSchedule,
    { owner, replace = false, isOfFile = false }: AppliedAs,
  ): Promise<AppliedSchedule> {
    const { client, taskQueue } = this.#link;
    const searchAttributes = await this.#link.searchAttributes();
    const keeper = isOfFile ? {} : { madeFrom: sentBy(owner), owner };
    return inOurWords(client, () =>
      applySchedule(client, prepared, { taskQueue, searchAttributes, replace, ...keeper }),
    );
  }

  /** All schedules by name, each with its newest run. */
  list({ owner }: { owner?: string | undefined } = {}): Promise<ScheduleInfo[]> {
    return this.#ask((client) => listSchedules(client, owner));
  }

  /** Whether there is one of this name that is of the owner. */
  async isOf(name: string, owner: string): Promise<boolean> {
    const found = await this.#ask((client) => findSchedule(client, name));
    return found !== null && isSeen(found.description.action, owner);
  }

  /** @throws RowmillError `schedule_not_found`, also for that of another owner */
  async refuseOthers(name: string, owner: string | undefined): Promise<void> {
    if (owner === undefined) return;
    await this.#ask((client) => requireSchedule(client, name, owner));
  }

  /** One with its newest ten runs. @throws RowmillError `schedule_not_found` */
  describe(name: string): Promise<ScheduleInfo> {
    return this.#ask((client) => describeSchedule(client, name));
  }

  /** No run starts by itself until `resume`; runs under way go on. @throws RowmillError `schedule_not_found` */
  pause(name: string, note?: string): Promise<void> {
    return this.#ask((client) => pauseSchedule(client, name, note));
  }

  /** Runs start by themselves again; those of the pause are not made up for. @throws RowmillError `schedule_not_found` */
  resume(name: string, note?: string): Promise<void> {
    return this.#ask((client) => resumeSchedule(client, name, note));
  }

  /**
   * Starts a run now, also of a paused schedule. With a `key` it is safe to repeat: the same key is
   * the same run; then `attached` is true.
   *
   * ```ts
   * const { workflowId } = await rowmill.schedules.trigger('sp500-profile', { key: 'order-4711' });
   * const run = await rowmill.attach(workflowId);
   * ```
   * @throws RowmillError `schedule_not_found`, `action_refused` while another run of it is under way,
   *   `run_conflict`
   */
  trigger(name: string, options: TriggerOptions = {}): Promise<TriggeredRun> {
    return this.#ask((client) => triggerSchedule(client, name, options, this.#link.store));
  }

  /**
   * Starts the runs of a span of time that have not taken place, one after the other.
   * @throws RowmillError `schedule_not_found`, `usage` for an empty, reversed, future or too large span,
   *   `action_refused` while runs of an earlier one wait to start
   */
  backfill(name: string, span: BackfillOptions): Promise<BackfillPlan> {
    return this.#ask((client) => backfillSchedule(client, name, span, this.#link.store));
  }

  /**
   * Takes it away. Runs under way go on, results stay; those that wait to start (a backfill, nights
   * behind a long run) go with it, and are counted.
   * @throws RowmillError `schedule_not_found`
   */
  delete(name: string): Promise<DeletedSchedule> {
    return this.#ask((client) => deleteSchedule(client, name));
  }

  /** Asks the server. */
  #ask<T>(work: (client: Client) => Promise<T>): Promise<T> {
    const { client } = this.#link;
    return inOurWords(client, () => work(client));
  }
}

import { type Client, Connection } from '@temporalio/client';
import type { DataConverter } from '@temporalio/common';
import type { Pipeline } from '../contract/pipeline.ts';
import { createStore } from '../store/open-store.ts';
import { safeName } from '../store/safe-name.ts';
import type { StageDraft, Store } from '../store/store.ts';
import { RowmillError } from '../errors.ts';
import { connectToNamespace } from '../temporal/connection.ts';
import { dataConverterOf, openClient, refusePlainClient } from '../temporal/data-converter.ts';
import { openStore, taskQueueOf, wantsSearchAttributes, type Env } from '../env.ts';
import { requestDigestOf, attachedTo, findWork, startWork } from './runs/start.ts';
import { freshRuns, type FreshRun } from './runs/lookup/fresh-runs.ts';
import type { PreparedStart } from './pipelines/stage.ts';
import { latestRun } from './runs/previous.ts';
import type { Estimate } from './pipelines/estimate.ts';
import {
  eachRun,
  listRuns,
  type ListRunsOptions,
  type RunPage,
  type RunInfo,
} from './runs/lookup/list.ts';
import { estimateWork, prepareWork, type StartPlan } from './pipelines/prepare.ts';
import { findCompletedWork } from './runs/lookup/repeated-work.ts';
import { sameTargetWarnings } from './pipelines/target-conflicts.ts';
import { checkStart } from './rowmill-check.ts';
import type {
  CheckOptions,
  PrepareOptions,
  RowmillOptions,
  SeenBy,
  StartAs,
  StartOptions,
} from './rowmill-options.ts';
import { RowmillRun, rerunNewest, type RerunAs, type RunLink } from './rowmill-run.ts';
import { RowmillBudgets } from './rowmill-budgets.ts';
import { RowmillSchedules } from './rowmill-schedules.ts';
import { knowsSearchAttributes } from '../temporal/search-attributes.ts';
import { describeRun, findRun, noSuchRun } from './runs/lookup/describe.ts';
import { runsInProgress } from './runs/lookup/in-progress.ts';
import { isSeen, ownerOf, starterOf } from './runs/lookup/ownership.ts';
import { eachWithServerErrors, withServerErrors } from '../temporal/server-error.ts';
import { storedResults, type StoredResults } from './runs/files/stored.ts';
import { forgetRow, type ForgetOptions, type ForgetPlan } from './retention/forget.ts';
import { pruneStore, type PruneOptions, type PrunePlan } from './retention/prune.ts';
import { readSpend, type SpendOptions } from './spend/report.ts';
import type { SpendReport } from '../contract/spend.ts';

/**
 * Client for backends: starts runs, follows them and reads their results. Workers
 * (`rowmill worker`) do the work; no secret of a provider is needed here.
 *
 * ```ts
 * import { Rowmill } from 'rowmill';
 *
 * const rowmill = await Rowmill.connect({ store: '/data/rowmill/store' });
 * const run = await rowmill.start({ pipeline: 'pipeline.yaml', key: 'order-4711' });
 * const summary = await run.wait();
 * console.log(summary.outcome, summary.cells.done);
 * for await (const row of run.results()) console.log(row.key, row.cells);
 * await rowmill.close();
 * ```
 */
export class Rowmill {
  /** Schedules of pipelines. */
  readonly schedules: RowmillSchedules;
  /** Day budgets that pipelines share. */
  readonly budgets: RowmillBudgets;
  readonly #link: RunLink;
  readonly #connection: Connection | null;
  readonly #env: Env;

  private constructor(link: RunLink, connection: Connection | null, env: Env) {
    this.#link = link;
    this.#connection = connection;
    this.#env = env;
    this.schedules = new RowmillSchedules(link, env);
    this.budgets = new RowmillBudgets(link);
  }

  /**
   * Connects to the Temporal server of `TEMPORAL_*`, of the profile file, or of the options. The
   * caller must close it.
   * @throws RowmillError `temporal_unreachable` (after `timeoutMs`, 5000 by default),
   * `temporal_unsupported`, `usage` for a profile or payload keys that cannot be read, or a client without the
   * codec although keys are set
   */
  static async connect(options: RowmillOptions = {}): Promise<Rowmill> {
    const env = options.env ?? process.env;
    const { store } = options;
    const shared = {
      store: storeAt(store, env),
      taskQueue: options.taskQueue ?? taskQueueOf(env),
    };
    const over = (client: Client, connection: Connection | null): Rowmill => {
      const searchAttributes = askSearchAttributes(client, env);
      return new Rowmill({ ...shared, client, searchAttributes }, connection, env);
    };
    if (options.client !== undefined) {
      refusePlainClient(options.client, env);
      return over(options.client, null);
    }
    const link = await connectToNamespace(options);
    try {
      return over(openClient(link, env), link.connection);
    } catch (error) {
      await link.connection.close();
      throw error;
    }
  }

  /**
   * Returns the data converter of rowmill, for a Temporal client that is passed to `connect`. It
   * encrypts and decrypts with the payload keys of the environment.
   *
   * @throws RowmillError `usage` for keys that cannot be read
   */
  static dataConverter(env: Env = process.env): DataConverter {
    return dataConverterOf(env);
  }

  /** Namespace of the Temporal server. */
  get namespace(): string {
    return this.#link.client.options.namespace;
  }

  /** Store that results are read from. */
  get store(): Store {
    return this.#link.store;
  }

  /**
   * Starts a run, or finds the one that does this work. Checks the pipeline, each row and
   * `spend.maxCredits` before anything is created or paid.
   *
   * ```ts
   * const run = await rowmill.start({
   *   pipeline: {
   *     name: 'sectors',
   *     provider: 'extruct',
   *     table: { columns: [{ kind: 'agent', key: 'sector', name: 'Sector',
   *       value: { agent_type: 'research_pro', prompt: 'Which GICS sector is {company_name} in?' } }] },
   *     rows: { inline: [], key: 'id', map: { input: 'name' } },
   *     results: [{ to: '/data/out/sectors.jsonl' }],
   *   },
   *   rows: [{ id: 'MMM', name: '3M' }],
   *   key: 'customer-17/2026-01-31',
   * });
   * ```
   * @throws SpecError `spec_invalid`, `spec_has_secret`; RowmillError `spec_not_found`, `rows_…`,
   *   `source_…`, `store_…`, `spend_refused`, `run_conflict` for a key or id of other work
   */
  async start(options: StartOptions): Promise<RowmillRun> {
    const { key, id } = options;
    if (key !== undefined && id !== undefined) {
      throw new RowmillError('usage', '`key` and `id` exclude each other');
    }
    if (key !== undefined && options.fresh === true) {
      throw new RowmillError('usage', '`key` and `fresh` exclude each other');
    }
    if (key?.trim() === '' || id?.trim() === '') {
      throw new RowmillError('usage', '`key` or `id` is empty');
    }
    const work = await prepareWork({ ...options, store: this.#link.store, env: this.#env });
    const others = (run: RowmillRun): Promise<string[]> =>
      // The run is started: a store that cannot be read is no reason to refuse it.
      this.sharedTargets(work.input.pipeline, run).catch(() => []);
    const run = await withServerErrors(this.#link.client, () => this.#start(work, options, others));
    // With a key, the approval is part of the start request.
    if (run.attached && options.approve === true && key === undefined) await run.approveOnceAsked();
    return run;
  }

  /**
   * Checks everything about a start that needs no server. Writes and starts nothing. The server is asked
   * only if another run registered one of the targets; without an answer that run counts as in progress.
   * @throws the errors of `start` before its first request to the server; credits above a limit are
   * in `refusal`
   */
  static async check({ store, env = process.env, ...options }: CheckOptions): Promise<StartPlan> {
    return checkStart(options, storeAt(store, env), env);
  }

  /**
   * Estimates a run of a checked pipeline from its current rows.
   * @throws RowmillError `source_…`, `rows_…`
   */
  static estimate(
    pipeline: Pipeline,
    { env = process.env }: Pick<RowmillOptions, 'env'> = {},
  ): Promise<Estimate> {
    return estimateWork(pipeline, env);
  }

  /**
   * Prepares a start without a server: checks everything and freezes the rows. Call `discard` if it
   * is never started.
   * @throws the errors of `start` before its first request to the server
   */
  static prepare({ store, env = process.env, ...options }: PrepareOptions): Promise<PreparedStart> {
    return prepareWork({ ...options, env, store: storeAt(store, env) });
  }

  /** Removes the rows of a prepared start. Safe to call after it was started. */
  static async discard(
    { draft }: PreparedStart,
    { store, env = process.env }: Pick<RowmillOptions, 'store' | 'env'> = {},
  ): Promise<void> {
    if (draft !== null) await storeAt(store, env).dropDraft(draft);
  }

  /**
   * Starts what `prepare` returned. A run that existed already is not approved: see
   * `RowmillRun.approveOnceAsked`.
   */
  startPrepared(prepared: PreparedStart, as: StartAs = {}): Promise<RowmillRun> {
    return withServerErrors(this.#link.client, () => this.#start(prepared, as));
  }

  /**
   * Finds the run in progress that does this work, to which a start without `key` and `id`
   * attaches.
   */
  async find(prepared: PreparedStart): Promise<RowmillRun | null> {
    const { client, searchAttributes } = this.#link;
    const isListed = await searchAttributes();
    const found = await withServerErrors(client, () =>
      findWork(client, { ...prepared, searchAttributes: isListed }),
    );
    return found === null ? null : new RowmillRun(this.#link, found);
  }

  /**
   * Lists other runs in progress that publish to the same places, a line for each. Runs of other
   * owners are not named.
   */
  sharedTargets(
    pipeline: Pick<Pipeline, 'results'>,
    { id }: RowmillRun,
    seenBy: SeenBy = {},
  ): Promise<string[]> {
    const { client, store } = this.#link;
    const inProgress = (others: readonly string[]) => runsInProgress(client, others);
    const visible = (others: readonly string[]) => this.visible(others, seenBy);
    return sameTargetWarnings(pipeline, store, { inProgress, visible }, id);
  }

  /** Selects the runs of a list that a caller may see. */
  async visible(ids: readonly string[], { owner }: SeenBy): Promise<string[]> {
    if (owner === undefined) return [...ids];
    const { client } = this.#link;
    const found = await withServerErrors(client, () =>
      Promise.all(ids.map((id) => findRun(client, id))),
    );
    return ids.filter((_, at) => {
      const run = found[at];
      return run !== undefined && run !== null && isSeen(run, owner);
    });
  }

  async #start(
    { input, rows, draft, warnings }: PreparedStart,
    { key, id, approve = false, fresh = false, owner, startedBy, confirmRepeat }: StartAs,
    moreWarnings: (run: RowmillRun) => Promise<string[]> = () => Promise.resolve([]),
  ): Promise<RowmillRun> {
    const { client, store, taskQueue } = this.#link;
    const { pipeline } = input;
    const workflowId = key === undefined ? id : safeName(key);
    const searchAttributes = await this.#link.searchAttributes();
    let kept: Promise<void> | null = null;
    const keep = (of: StageDraft): Promise<void> => (kept ??= store.keepDraft(of));
    try {
      const started = await startWork(client, {
        input: { ...input, ...(approve ? { approved: true } : {}) },
        rows,
        taskQueue,
        store,
        owner,
        startedBy,
        fresh,
        searchAttributes,
        beforeNew: async (of) => {
          const done = confirmRepeat === undefined ? null : await findCompletedWork(client, of);
          if (done !== null) await confirmRepeat?.(done);
        },
        ...(draft === null ? {} : { beforeStart: () => keep(draft) }),
        ...(workflowId === undefined ? {} : { workflowId }),
        ...(key === undefined ? {} : { request: requestDigestOf(pipeline, rows.digest, approve) }),
      });
      const run = new RowmillRun(this.#link, started, warnings);
      const more = await moreWarnings(run);
      return more.length === 0 ? run : new RowmillRun(this.#link, started, [...warnings, ...more]);
    } finally {
      if (draft !== null) await store.dropDraft(draft);
    }
  }

  /**
   * Returns the run of an id, or of the key it was started with.
   * @throws RowmillError `run_not_found`
   */
  async attach(run: string | { key: string }, { owner }: SeenBy = {}): Promise<RowmillRun> {
    const workflowId = typeof run === 'string' ? run : safeName(run.key);
    const { client } = this.#link;
    const found = await withServerErrors(client, () => describeRun(client, workflowId));
    if (!isSeen(found, owner)) throw noSuchRun(workflowId);
    return new RowmillRun(this.#link, {
      ...attachedTo(found),
      owner: ownerOf(found),
      startedBy: starterOf(found),
    });
  }

  /**
   * Lists one page of runs, those in progress first, then the newest. `next` is the cursor of the
   * next page.
   */
  async list(options: ListRunsOptions = {}): Promise<RunPage> {
    const { client, searchAttributes } = this.#link;
    const isListed = options.owner !== undefined && (await searchAttributes());
    return withServerErrors(client, () => listRuns(client, options, isListed));
  }

  /**
   * Iterates over the runs of all pages, each once, in the same order; `limit` is the page size.
   */
  async *each(options: Omit<ListRunsOptions, 'cursor'> = {}): AsyncGenerator<RunInfo> {
    const { client, searchAttributes } = this.#link;
    const isListed = options.owner !== undefined && (await searchAttributes());
    yield* eachWithServerErrors(client, eachRun(client, options, isListed));
  }

  /** Adds the newest heartbeat to listed runs, and the remedy to those without a worker. */
  refresh(runs: readonly RunInfo[]): Promise<FreshRun[]> {
    const { client } = this.#link;
    return withServerErrors(client, () => freshRuns(client, runs));
  }

  /**
   * Finds the newest of a run and its reruns. `run` is `null` if it has expired in Temporal and
   * only the store has it.
   */
  async newest(id: string): Promise<NewestRun> {
    const { client, store } = this.#link;
    const found = await withServerErrors(client, () => latestRun(client, id, store));
    const { workflowId, description, isRunning } = found;
    const run = description === null ? null : new RowmillRun(this.#link, attachedTo(description));
    return { id: workflowId, run, isRunning };
  }

  /**
   * Reruns a run like `RowmillRun.rerun`, also one that only the store has.
   * @throws RowmillError `run_not_found`, `action_refused`
   */
  rerun(id: string, as: RerunAs = {}): Promise<RowmillRun> {
    return withServerErrors(this.#link.client, () => rerunNewest(this.#link, id, as));
  }

  /**
   * Reads the results of a run that has ended from the store alone. Needs no server and finds
   * expired runs; `null` if this store has none.
   */
  static storedResults(
    id: string,
    { store, env = process.env }: Pick<RowmillOptions, 'store' | 'env'> = {},
  ): Promise<StoredResults | null> {
    return storedResults(storeAt(store, env), id);
  }

  /**
   * Sums what runs have asked for, by the ledger in the store. Needs no server.
   * @throws RowmillError `usage` for a span that is no duration, `store_unreadable`
   */
  static spend(
    options: SpendOptions = {},
    { store, env = process.env }: Pick<RowmillOptions, 'store' | 'env'> = {},
  ): Promise<SpendReport> {
    return readSpend(storeAt(store, env), options);
  }

  /**
   * Removes the files of old runs from the store. Keeps what is in progress, what the next run of a pipeline
   * reads, the ledger, and all that was published elsewhere.
   *
   * ```ts
   * const { runs, bytes } = await rowmill.prune({ older: '90d' });
   * ```
   * @throws RowmillError `usage` for a span that is none or below a day, `store_…`, `temporal_unreachable`
   */
  prune(options: PruneOptions): Promise<PrunePlan> {
    const { client, store } = this.#link;
    return withServerErrors(client, () => pruneStore(client, store, options));
  }

  /**
   * Removes the data of one row from the store: from the files of all runs. `unreached` names where else it is.
   * @throws RowmillError `action_refused` while a run with the row is in progress, `store_…`,
   * `temporal_unreachable`
   */
  forget(key: string, options: ForgetOptions = {}): Promise<ForgetPlan> {
    const { client, store } = this.#link;
    return withServerErrors(client, () => forgetRow(client, store, key, options));
  }

  /** Closes the connection, unless the caller passed the client. Runs continue. */
  async close(): Promise<void> {
    await this.#connection?.close();
  }
}

/** Newest of a run and its reruns. */
export interface NewestRun {
  id: string;
  /** `null` if Temporal does not have the run. */
  run: RowmillRun | null;
  isRunning: boolean;
}

/**
 * Asked each time: the first worker registers the attributes, maybe after this connection was made.
 */
const askSearchAttributes = (client: Client, env: Env) => async (): Promise<boolean> => {
  const { connection, options } = client;
  if (!wantsSearchAttributes(env)) return false;
  // A connection of another type (of a worker or a test) cannot be asked.
  return connection instanceof Connection && knowsSearchAttributes(connection, options.namespace);
};

function storeAt(store: string | Store | undefined, env: Env): Store {
  if (store === undefined) return openStore(env);
  return typeof store === 'string' ? createStore(store) : store;
}

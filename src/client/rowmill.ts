import { Client, Connection } from '@temporalio/client';
import type { Pipeline } from '../contract/pipeline.ts';
import { createFileStore } from '../store/file-store.ts';
import { safeName } from '../store/safe-name.ts';
import type { StageDraft, Store } from '../store/store.ts';
import { RowmillError } from '../errors.ts';
import { connectToNamespace, type ConnectOptions } from '../temporal/connection.ts';
import { openStore, taskQueueOf, wantsSearchAttributes, type Env } from '../env.ts';
import { requestDigestOf, attachedTo, findWork, startWork } from './runs/start.ts';
import { freshRuns, type FreshRun } from './runs/fresh-runs.ts';
import type { PreparedStart } from './pipelines/stage.ts';
import { latestRun } from './runs/previous.ts';
import type { Estimate } from './pipelines/estimate.ts';
import {
  eachRun,
  listRuns,
  type ListRunsOptions,
  type RunPage,
  type RunInfo,
} from './runs/list.ts';
import type { PipelineSource, RowsOverride } from './pipelines/read.ts';
import { checkWork, estimateWork, prepareWork, type StartPlan } from './pipelines/prepare.ts';
import { findCompletedWork, type CompletedWork } from './runs/repeated-work.ts';
import { sameTargetWarnings } from './pipelines/target-conflicts.ts';
import { RowmillRun, rerunNewest, type RerunAs, type RunLink } from './rowmill-run.ts';
import { RowmillSchedules } from './rowmill-schedules.ts';
import { knowsSearchAttributes } from '../temporal/search-attributes.ts';
import { describeRun, findRun, noSuchRun } from './runs/describe.ts';
import { isSeen, ownerOf, starterOf } from './runs/owned.ts';
import { eachInOurWords, inOurWords } from '../temporal/server-error.ts';
import { storedResults, type StoredResults } from './runs/stored.ts';

export interface RowmillOptions extends ConnectOptions {
  /** Where the workers look for runs. @default `ROWMILL_TASK_QUEUE`, else `rowmill` */
  taskQueue?: string;
  /**
   * The store of the workers: its folder, or a store. Needed for results, and for rows that are too
   * many to travel in the start. @default `ROWMILL_STORE`, else `.rowmill/store`
   */
  store?: string | Store;
  /** A Temporal client that is there already; it stays open, and nothing is connected. */
  client?: Client;
}

export interface StartOptions {
  /** What is done: the path of a pipeline file, its text, or the same as an object. */
  pipeline: PipelineSource;
  /** Rows instead of those of the pipeline: a list, or the path of a file. */
  rows?: RowsOverride;
  /**
   * What the caller calls this piece of work. The same key is the same run, however often it is
   * started and by however many processes; with another request it is refused; a failed one is
   * started again. It becomes the run's id, shortened to a hash where it is no plain name.
   */
  key?: string;
  /**
   * The run's id, as with `rowmill run --id`: the same id with the same table, rows and results
   * attaches; a cancelled run is continued. Not beside `key`.
   * @default attaches to an unfinished run of the same work, else `<name>-<time>`
   */
  id?: string;
  /** The estimated credits are approved: `spend.approveAbove` asks for no approval. @default false */
  approve?: boolean;
  /** Whose the run is, among many: `list` and `attach` look for it. @default none */
  owner?: string;
  /** What started it, for who asks later. */
  startedBy?: string;
  /** Where relative paths of a text or an object start. @default the working directory */
  baseDir?: string;
  /** Results to this one path instead, where `pipeline` is the path of a file. */
  out?: string;
  /** Puts the rows into the store also where they are few, so that none travels in the start. @default false */
  stage?: boolean;
  /** Always starts a new run, and never attaches to one of the same work. @default false */
  fresh?: boolean;
  /**
   * Judges the pipeline before anything it names is read; throws what it refuses. For backends that
   * pass on pipelines of others.
   */
  validate?: (pipeline: Pipeline, warnings: readonly string[]) => Promise<void> | void;
  /** Called with what the run will take, before anything is started. Throws to refuse it. */
  confirm?: (plan: StartPlan) => Promise<void> | void;
  /**
   * Called before a run without `key` and `id` does work again that the server remembers as done.
   * Throws to refuse it.
   */
  confirmRepeat?: (done: CompletedWork) => Promise<void> | void;
}

/** What `Rowmill.check` and `Rowmill.prepare` need, which know no server. */
export type CheckOptions = Pick<
  StartOptions,
  'pipeline' | 'rows' | 'out' | 'baseDir' | 'validate'
> &
  Pick<RowmillOptions, 'store' | 'env'>;

export type PrepareOptions = CheckOptions & Pick<StartOptions, 'stage' | 'confirm'>;

/**
 * rowmill for backends: starts runs, follows them and reads their results. Workers
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
  /** Pipelines that run by themselves. */
  readonly schedules: RowmillSchedules;
  readonly #link: RunLink;
  readonly #connection: Connection | null;
  readonly #env: Env;

  private constructor(link: RunLink, connection: Connection | null, env: Env) {
    this.#link = link;
    this.#connection = connection;
    this.#env = env;
    this.schedules = new RowmillSchedules(link, env);
  }

  /**
   * Connects to the Temporal server of `TEMPORAL_*`, of the profile file, or of the options. Close
   * it at the end.
   * @throws RowmillError `temporal_unreachable` (after `timeoutMs`, 5000 by default),
   *   `temporal_unsupported`, `usage` for a profile that cannot be read
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
    if (options.client !== undefined) return over(options.client, null);
    const { connection, namespace } = await connectToNamespace(options);
    return over(new Client({ connection, namespace }), connection);
  }

  /** The namespace of the Temporal server. */
  get namespace(): string {
    return this.#link.client.options.namespace;
  }

  /** The store that results come from. */
  get store(): Store {
    return this.#link.store;
  }

  /**
   * Starts a run, or finds the one that does this work already. Everything that can be refused is
   * refused before anything is created or paid: the pipeline, each row, `spend.maxCredits`.
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
    const run = await this.startPrepared(work, options);
    // A key's own run carries its approval.
    if (run.attached && options.approve === true && key === undefined) await run.approveOnceAsked();
    return run;
  }

  /**
   * Checks everything about a start that needs no server; writes and starts nothing.
   * @throws what `start` throws before it asks the server; credits above a limit are in `refusal`
   */
  static async check({ store, env = process.env, ...options }: CheckOptions): Promise<StartPlan> {
    const plan = await checkWork({ ...options, env });
    const others = await sameTargetWarnings(plan.pipeline, storeAt(store, env));
    return { ...plan, warnings: [...plan.warnings, ...others] };
  }

  /**
   * Estimates a run of a pipeline that was checked before, by its rows as they are now.
   * @throws RowmillError `source_…`, `rows_…`
   */
  static estimate(
    pipeline: Pipeline,
    { env = process.env }: Pick<RowmillOptions, 'env'> = {},
  ): Promise<Estimate> {
    return estimateWork(pipeline, env);
  }

  /**
   * The first half of `start`, which needs no server: checks the same and freezes the rows. What is
   * never started is for `discard`.
   * @throws what `start` throws before it asks the server
   */
  static prepare({ store, env = process.env, ...options }: PrepareOptions): Promise<PreparedStart> {
    return prepareWork({ ...options, env, store: storeAt(store, env) });
  }

  /** Removes the rows of a start that was prepared; safe to call after it was started. */
  static async discard(
    { draft }: PreparedStart,
    { store, env = process.env }: Pick<RowmillOptions, 'store' | 'env'> = {},
  ): Promise<void> {
    if (draft !== null) await storeAt(store, env).dropDraft(draft);
  }

  /**
   * The second half of `start`, for what was prepared elsewhere. A run that was there already gets no
   * approval: see `RowmillRun.approveOnceAsked`.
   */
  startPrepared(prepared: PreparedStart, as: StartAs = {}): Promise<RowmillRun> {
    return inOurWords(this.#link.client, () => this.#start(prepared, as));
  }

  /** The run under way that does this work, to which a start without `key` and `id` attaches. */
  async find(prepared: PreparedStart): Promise<RowmillRun | null> {
    const { client, searchAttributes } = this.#link;
    const isListed = await searchAttributes();
    const found = await inOurWords(client, () =>
      findWork(client, { ...prepared, searchAttributes: isListed }),
    );
    return found === null ? null : new RowmillRun(this.#link, found);
  }

  /** Other runs under way that publish to the same places as this one; a line for each. */
  sharedTargets(pipeline: Pick<Pipeline, 'results'>, { id }: RowmillRun): Promise<string[]> {
    const { client, store } = this.#link;
    // Where the server does not say, the store is believed.
    const isUnderWay = (other: string): Promise<boolean> =>
      findRun(client, other).then(
        (run) => run?.status.name === 'RUNNING',
        () => true,
      );
    return sameTargetWarnings(pipeline, store, id, isUnderWay);
  }

  async #start(
    { input, rows, draft }: PreparedStart,
    { key, id, approve = false, fresh = false, owner, startedBy, confirmRepeat }: StartAs,
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
      return new RowmillRun(this.#link, started);
    } finally {
      if (draft !== null) await store.dropDraft(draft);
    }
  }

  /**
   * The run of an id (or of the key it was started with).
   * @throws RowmillError `run_not_found`
   */
  async attach(run: string | { key: string }, { owner }: SeenBy = {}): Promise<RowmillRun> {
    const workflowId = typeof run === 'string' ? run : safeName(run.key);
    const { client } = this.#link;
    const found = await inOurWords(client, () => describeRun(client, workflowId));
    if (!isSeen(found, owner)) throw noSuchRun(workflowId);
    return new RowmillRun(this.#link, {
      ...attachedTo(found),
      owner: ownerOf(found),
      startedBy: starterOf(found),
    });
  }

  /**
   * One page of runs, those under way first, then the newest; `next` is the cursor of the page
   * after it.
   */
  async list(options: ListRunsOptions = {}): Promise<RunPage> {
    const { client, searchAttributes } = this.#link;
    const isListed = options.owner !== undefined && (await searchAttributes());
    return inOurWords(client, () => listRuns(client, options, isListed));
  }

  /** Runs over all pages, each once, in the same order; `limit` is the size of a page. */
  async *each(options: Omit<ListRunsOptions, 'cursor'> = {}): AsyncGenerator<RunInfo> {
    const { client, searchAttributes } = this.#link;
    const isListed = options.owner !== undefined && (await searchAttributes());
    yield* eachInOurWords(client, eachRun(client, options, isListed));
  }

  /** What the newest heartbeats say of listed runs; of those that no worker serves, what to do. */
  refresh(runs: readonly RunInfo[]): Promise<FreshRun[]> {
    const { client } = this.#link;
    return inOurWords(client, () => freshRuns(client, runs));
  }

  /**
   * The newest of a run and its reruns. Temporal may have forgotten it: then only the store knows it,
   * and `run` is `null`.
   */
  async newest(id: string): Promise<NewestRun> {
    const { client, store } = this.#link;
    const found = await inOurWords(client, () => latestRun(client, id, store));
    const { workflowId, description, isRunning } = found;
    const run = description === null ? null : new RowmillRun(this.#link, attachedTo(description));
    return { id: workflowId, run, isRunning };
  }

  /**
   * Does what `RowmillRun.rerun` does, also for a run that only the store knows.
   * @throws RowmillError `run_not_found`, `action_refused`
   */
  rerun(id: string, as: RerunAs = {}): Promise<RowmillRun> {
    return inOurWords(this.#link.client, () => rerunNewest(this.#link, id, as));
  }

  /**
   * The results of a run that has ended, by the store alone: needs no server, and finds runs that
   * Temporal has forgotten. `null` where this store has none.
   */
  static storedResults(
    id: string,
    { store, env = process.env }: Pick<RowmillOptions, 'store' | 'env'> = {},
  ): Promise<StoredResults | null> {
    return storedResults(storeAt(store, env), id);
  }

  /** Closes the connection, unless the client was given. Runs go on. */
  async close(): Promise<void> {
    await this.#connection?.close();
  }
}

/** The newest of a run and its reruns. */
export interface NewestRun {
  id: string;
  /** `null`: Temporal does not know it. */
  run: RowmillRun | null;
  isRunning: boolean;
}

export type StartAs = Pick<
  StartOptions,
  'key' | 'id' | 'approve' | 'fresh' | 'owner' | 'startedBy' | 'confirmRepeat'
>;

/** Whose runs are seen. */
export interface SeenBy {
  /** Runs of other owners are not there. @default all are seen */
  owner?: string | undefined;
}

/** Asked each time: the first worker registers them, which may be after us. */
const askSearchAttributes = (client: Client, env: Env) => async (): Promise<boolean> => {
  const { connection, options } = client;
  if (!wantsSearchAttributes(env)) return false;
  // A connection of another kind (a worker's, a test's) cannot be asked.
  return connection instanceof Connection && knowsSearchAttributes(connection, options.namespace);
};

function storeAt(store: string | Store | undefined, env: Env): Store {
  if (store === undefined) return openStore(env);
  return typeof store === 'string' ? createFileStore(store) : store;
}

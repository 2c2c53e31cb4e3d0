import { Client, Connection } from '@temporalio/client';
import type { Pipeline } from '../contract/pipeline.ts';
import { createFileStore } from '../store/file-store.ts';
import { safeName } from '../store/safe-name.ts';
import type { StageDraft, Store } from '../store/store.ts';
import { RowmillError } from '../errors.ts';
import { connectToNamespace, type ConnectOptions } from './connection.ts';
import { openStore, taskQueueOf, wantsSearchAttributes, type Env } from './environment.ts';
import { requestDigestOf } from './fingerprint.ts';
import type { FrozenWork } from './freeze-rows.ts';
import { listRuns, type ListRunsOptions, type RunPage } from './list-runs.ts';
import type { PipelineSource, RowsOverride } from './pipeline-source.ts';
import { prepareWork } from './prepare-work.ts';
import { RowmillRun, type RunLink } from './rowmill-run.ts';
import { RowmillSchedules } from './rowmill-schedules.ts';
import { knowsSearchAttributes } from './search-attributes.ts';
import { describeRun, noSuchRun } from './find-run.ts';
import { isSeen, ownerOf, starterOf } from './owned.ts';
import { inOurWords } from './server-error.ts';
import { startWork } from './start-run.ts';
import { approveIfWaiting } from './update-run.ts';

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
   * attaches; a cancelled run is taken up again. Not beside `key`.
   * @default attaches to an unfinished run of the same work, else `<name>-<time>`
   */
  id?: string;
  /** The estimated credits are approved: `spend.approveAbove` asks nobody. @default false */
  approve?: boolean;
  /** Whose the run is, among many: `list` and `attach` look for it. @default nobody's */
  owner?: string;
  /** What started it, for who asks later. */
  startedBy?: string;
  /** Where relative paths of a text or an object start. @default the working directory */
  baseDir?: string;
  /**
   * Judges the pipeline before anything it names is read; throws what it refuses. For backends that
   * pass on pipelines of others.
   */
  accept?: (pipeline: Pipeline) => Promise<void> | void;
}

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
      store: store === undefined ? openStore(env) : storeOf(store),
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
    if (key?.trim() === '' || id?.trim() === '') {
      throw new RowmillError('usage', '`key` or `id` is empty');
    }
    const work = await prepareWork({ ...options, store: this.#link.store, env: this.#env });
    return this.startPrepared(work, options);
  }

  /** @internal The second half of `start`, for work that was prepared elsewhere. */
  startPrepared(work: FrozenWork, as: StartAs): Promise<RowmillRun> {
    return inOurWords(this.#link.client, () => this.#start(work, as));
  }

  async #start(
    { input, rows, draft }: FrozenWork,
    { key, id, approve = false, owner, startedBy }: StartAs,
  ): Promise<RowmillRun> {
    const { client, store, taskQueue } = this.#link;
    const { pipeline } = input;
    const workflowId = key === undefined ? id : safeName(key);
    let kept: Promise<void> | null = null;
    const keep = (of: StageDraft): Promise<void> => (kept ??= store.keepDraft(of));
    try {
      const started = await startWork(client, {
        input: { ...input, ...(approve ? { approved: true } : {}) },
        rows,
        taskQueue,
        store,
        ...{ owner, startedBy },
        searchAttributes: await this.#link.searchAttributes(),
        ...(draft === null ? {} : { beforeStart: () => keep(draft) }),
        ...(workflowId === undefined ? {} : { workflowId }),
        ...(key === undefined ? {} : { request: requestDigestOf(pipeline, rows.digest, approve) }),
      });
      // A key's own run carries its approval.
      if (started.attached && approve && key === undefined) {
        await approveIfWaiting(client, { workflowId: started.workflowId, taskQueue });
      }
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
    const { runId } = found;
    return new RowmillRun(this.#link, {
      ...{ workflowId, runId, attached: true },
      ...{ owner: ownerOf(found), startedBy: starterOf(found) },
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

  /** Closes the connection, unless the client was given. Runs go on. */
  async close(): Promise<void> {
    await this.#connection?.close();
  }
}

type StartAs = Pick<StartOptions, 'key' | 'id' | 'approve' | 'owner' | 'startedBy'>;

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

const storeOf = (store: string | Store): Store =>
  typeof store === 'string' ? createFileStore(store) : store;

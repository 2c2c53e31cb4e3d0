import type { Client } from '@temporalio/client';
import type { Pipeline } from '../contract/pipeline.ts';
import type { NightOptions } from '../contract/run.ts';
import type { Store } from '../store/store.ts';
import type { ConnectOptions } from '../temporal/connection.ts';
import type { StartPlan } from './pipelines/prepare.ts';
import type { PipelineSource, RowsOverride } from './pipelines/read.ts';
import type { CompletedWork } from './runs/lookup/repeated-work.ts';

export interface RowmillOptions extends ConnectOptions {
  /** Task queue that the workers poll. @default `ROWMILL_TASK_QUEUE`, else `rowmill` */
  taskQueue?: string;
  /**
   * Store of the workers: its folder, `s3://bucket/prefix`, or a `Store`. Needed for results, and for rows that exceed
   * the start request. @default `ROWMILL_STORE`, else `.rowmill/store`
   */
  store?: string | Store;
  /** Existing Temporal client. It is used instead of a new connection and never closed. */
  client?: Client;
}

export interface StartOptions {
  /** Pipeline to run: the path of its file, its text, or an object. */
  pipeline: PipelineSource;
  /** Rows that replace those of the pipeline: a list, or the path of a file. */
  rows?: RowsOverride;
  /**
   * Idempotency key of the caller. Starting again with the same key, from any process, returns the
   * same run. Another request with the key is refused; a failed run is started again. The key
   * becomes the run's id, or a hash of it if it is not a plain name.
   */
  key?: string;
  /**
   * Run id, as with `rowmill run --id`. The same id with the same table, rows and results attaches;
   * a cancelled run is continued. Excludes `key`.
   * @default attaches to an unfinished run of the same work, else `<name>-<time>`
   */
  id?: string;
  /** Approves the estimated credits: `spend.approveAbove` asks for no approval. @default false */
  approve?: boolean;
  /** Options of a run on a lasting table (`table.keep`) beside what is due. @default nothing */
  night?: NightOptions;
  /** Owner of the run, by which `list` and `attach` filter. @default none */
  owner?: string;
  /** Label of the program or token that starts the run. */
  startedBy?: string;
  /**
   * Directory that relative paths of a text or an object start from. @default the working directory
   */
  baseDir?: string;
  /** Publishes only to this path. Requires `pipeline` to be the path of a file. */
  out?: string;
  /** Number of rows that go first, as `canary.rows` of the pipeline. @default that of the pipeline */
  canary?: number;
  /**
   * Writes the rows into the store even if they are few, so that the start request carries none.
   * @default false
   */
  stage?: boolean;
  /** Always starts a new run instead of attaching to one of the same work. @default false */
  fresh?: boolean;
  /**
   * Checks the pipeline before anything it names is read, and throws to reject it. For backends
   * that accept pipelines of others.
   */
  validate?: (pipeline: Pipeline, warnings: readonly string[]) => Promise<void> | void;
  /** Called with the plan before anything is started. Throws to reject it. */
  confirm?: (plan: StartPlan) => Promise<void> | void;
  /**
   * Called before a run without `key` and `id` repeats work that the server lists as done. Throws
   * to reject it.
   */
  confirmRepeat?: (done: CompletedWork) => Promise<void> | void;
}

/** Options of `Rowmill.check` and `Rowmill.prepare`, which need no server. */
export type CheckOptions = Pick<
  StartOptions,
  'pipeline' | 'rows' | 'out' | 'canary' | 'baseDir' | 'validate' | 'night' | 'owner'
> &
  Pick<RowmillOptions, 'store' | 'env'>;

export type PrepareOptions = CheckOptions & Pick<StartOptions, 'stage' | 'confirm'>;

export type StartAs = Pick<
  StartOptions,
  'key' | 'id' | 'approve' | 'fresh' | 'owner' | 'startedBy' | 'confirmRepeat'
>;

/** Visibility of runs. */
export interface SeenBy {
  /** Hides runs of other owners. @default all are visible */
  owner?: string | undefined;
}

import type { ResultTarget } from '../contract/pipeline.ts';
import type { PublishedFile } from '../contract/results.ts';
import type { Folder } from '../store/store.ts';

/** What result rows have columns for, in this order. */
export interface ResultColumns {
  /** Keys of the answer columns. */
  columns: string[];
  /** Names of the table's input columns. */
  inputs: string[];
  /** Other columns of the source that come back. Left out: none. */
  source?: string[];
}

/** A form that results are written in. */
export interface ResultFormat {
  /** In a pipeline, in flags and in queries. */
  readonly name: string;
  /** Of a path, with its dot; it decides the format. */
  readonly extension: string;
  /** The first one is sent, a client may ask for any. */
  readonly mediaTypes: readonly [string, ...string[]];
}

export interface SinkContext {
  /** Name of the results in the folder: a file of `ResultRow` lines. */
  readonly storeName: string;
  readonly columns: ResultColumns;
  readonly signal?: AbortSignal;
}

/** The port: where results go, and in which form. A sink is one file, and one line in `SINKS`. */
export interface Sink {
  /** `file` is a path; any other one begins an address: `s3` is `s3://…`. */
  readonly schemes: readonly string[];
  readonly formats: readonly ResultFormat[];
  /**
   * Finds out, before anything is created or paid, whether this pipeline's results can go there.
   * Leaves nothing behind. Throws `sink_unwritable` with the target and the reason.
   */
  probe(target: ResultTarget, pipeline: string): Promise<void>;
  /**
   * Writes finished results to the target: whole or not at all, safe to repeat.
   *
   * Throws `sink_unwritable`, the store's errors, or the reason of the signal, unwrapped; whatever
   * was at the target before is untouched then.
   */
  publish(files: Folder, target: ResultTarget, context: SinkContext): Promise<PublishedFile>;
}

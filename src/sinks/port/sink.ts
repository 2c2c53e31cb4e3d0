import type { AnswerSchemas } from '../../answers/answer-schemas.ts';
import type { ResultTarget, TypePolicy } from '../../contract/pipeline.ts';
import type { PublishedFile } from '../../contract/results.ts';
import type { Folder } from '../../store/store.ts';

/** Columns of the result rows, in this order. */
export interface ResultColumns {
  /** Keys of the answer columns. */
  columns: string[];
  /** Names of the table's input columns. */
  inputs: string[];
  /** Other source columns to include. @default none */
  source?: string[];
  /** Types of the answers. @default not known */
  answers?: AnswerSchemas;
}

/** Format of results. */
export interface ResultFormat {
  /** Name in a pipeline, in flags and in queries. */
  readonly name: string;
  /** File extension with its dot; it selects the format. */
  readonly extension: string;
  /** Media types: the first one is sent, a client may request any. */
  readonly mediaTypes: readonly [string, ...string[]];
  /** Treatment of answers by their types, if the target has none. @default `off` */
  readonly types?: TypePolicy;
}

export interface SinkContext {
  /** File name of the results in the store: `ResultRow` lines. */
  readonly storeName: string;
  readonly columns: ResultColumns;
  readonly signal?: AbortSignal | undefined;
}

/** Port to a destination and format of results. A sink is one file, and one entry in `SINKS`. */
export interface Sink {
  /** `file` is a path; any other scheme begins an address: `s3` is `s3://…`. */
  readonly schemes: readonly string[];
  readonly formats: readonly ResultFormat[];
  /**
   * Checks, before anything is created or paid, that this pipeline's results can be written there.
   * Leaves nothing behind. Throws `sink_unwritable` with the target and the reason.
   */
  probe(target: ResultTarget, pipeline: string): Promise<void>;
  /**
   * Writes finished results to the target: completely or not at all, safe to repeat.
   *
   * Throws `sink_unwritable`, the store's errors, or the reason of the signal, unwrapped; the
   * previous content then stays.
   */
  publish(files: Folder, target: ResultTarget, context: SinkContext): Promise<PublishedFile>;
}

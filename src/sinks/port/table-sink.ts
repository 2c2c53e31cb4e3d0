import type { TableTarget, TypePolicy } from '../../contract/pipeline.ts';
import type { SnapshotRow } from '../../contract/rows.ts';
import type { Folder, RunKey } from '../../store/store.ts';
import type { ResultColumns, SinkContext } from './sink.ts';

/** Variables of the process, in which addresses and passwords are. */
export type Env = Readonly<Record<string, string | undefined>>;

export interface TableContext extends SinkContext {
  /** Run whose results these are. */
  readonly run: RunKey;
  /** Name of its pipeline. */
  readonly pipeline: string;
  readonly env: Env;
}

/** Facts of a run before anything is paid. */
export interface ProbeContext {
  columns: ResultColumns;
  env: Env;
  /** Rows of the source, read as far as the sink needs them. Left out: they are not there. */
  rows?: AsyncIterable<SnapshotRow>;
}

/** Rows of a publication to a table. */
export interface Publication {
  rows: number;
  /** True if the same results had been published there, so that nothing was done. */
  repeated: boolean;
}

/** Port to tables of a database. A sink is one file or folder, and one entry in `TABLE_SINKS`. */
export interface TableSink {
  /** Returns the name of a target for messages, without secrets. */
  name(target: TableTarget): string;
  /** Returns the treatment of answers by their types. */
  types(target: TableTarget): TypePolicy;
  /** Says what may keep rows of so many columns out, although it may not; `null`: nothing. */
  caution(target: TableTarget, columns: number): string | null;
  /**
   * Checks, before anything is paid, that results with these columns can be written there. Changes
   * nothing. Throws `sink_unwritable` with what corrects it.
   */
  probe(target: TableTarget, context: ProbeContext): Promise<void>;
  /**
   * Publishes finished results: completely or not at all, safe to repeat.
   *
   * Throws `sink_unwritable`, the store's errors, or the reason of the signal; the previous content
   * then stays.
   */
  publish(files: Folder, target: TableTarget, context: TableContext): Promise<Publication>;
}

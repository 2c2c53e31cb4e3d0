import type { Readable } from 'node:stream';

/** Which run a folder belongs to: retries, resets and continued runs share it. */
export interface RunKey {
  workflowId: string;
  firstRunId: string;
}

/**
 * Where the files of runs are kept. The store is the truth, sinks are copies.
 * Every method throws `RowmillError` (`store_unwritable`, `store_full`, `store_unreadable`).
 */
export interface Store {
  /** For people and messages. */
  readonly location: string;
  run(key: RunKey): Folder;
  /** First run ids that there are folders of, in any order. */
  firstRuns(workflowId: string): Promise<string[]>;
  /** Ids of workflows that begin so and have a folder, in any order; only of ids that are plain names. */
  workflowIds(prefix: string): Promise<string[]>;
  /** Who is about to publish where. */
  readonly claims: Folder;
  /** Frozen inputs by digest, before a run exists. */
  staged(digest: string): Folder;
  /**
   * Makes a staged folder whose digest is known only once it is written: `fill` writes the file
   * `name`, and others beside it, and gives back the digest (with whatever else it found). A folder
   * of that digest that is there already is kept.
   */
  stage<T extends { digest: string }>(
    name: string,
    fill: (draft: Draft, folder: Folder) => Promise<T>,
  ): Promise<T>;
  /**
   * The first half of `stage`: nobody finds the folder before `keepDraft`. What is decided in between
   * may be decided in another thread.
   */
  draftStage<T extends { digest: string }>(
    name: string,
    fill: (draft: Draft, folder: Folder) => Promise<T>,
  ): Promise<{ filled: T; draft: StageDraft }>;
  /** Puts it in its place. */
  keepDraft(draft: StageDraft): Promise<void>;
  /** Throws it away; safe to call after `keepDraft`. */
  dropDraft(draft: StageDraft): Promise<void>;
  /** Writes, reads back and removes a probe. */
  checkWritable(): Promise<void>;
}

/** A staged folder that is written, and not in its place. */
export interface StageDraft {
  path: string;
  digest: string;
}

/** Files under one name; a file is there whole or not at all. */
export interface Folder {
  /** Where it is, for people. */
  readonly path: string;
  locate(name: string): string;
  exists(name: string): Promise<boolean>;
  /** Bytes, or `null` when there is no such file. */
  size(name: string): Promise<number | null>;
  list(prefix: string): Promise<string[]>;
  remove(name: string): Promise<void>;
  read(name: string, range?: { start: number; end: number }): Readable;
  /** The whole file, piece by piece; a piece is good until `visit` has settled. */
  visit(name: string, visit: (piece: Uint8Array) => Promise<void>): Promise<void>;
  /** Lines without their ends; streaming. */
  lines(name: string): AsyncIterable<string>;
  readJson(name: string): Promise<unknown>;
  writeJson(name: string, value: unknown): Promise<void>;
  /** Opens a file that appears under its name only when `commit` is called. */
  create(name: string): Promise<Draft>;
}

export interface Draft {
  /** Appends one line; waits when the disk is slower than the caller. */
  line(text: string): Promise<void>;
  /** Flushes, syncs and renames into place. */
  commit(): Promise<WrittenFile>;
  /** Throws the draft away; safe to call after `commit`. */
  discard(): Promise<void>;
}

export interface WrittenFile {
  lines: number;
  bytes: number;
  /** Hex, over the bytes. */
  sha256: string;
}

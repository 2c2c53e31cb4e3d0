import type { Readable } from 'node:stream';

/** Key of a folder: retries, resets and continued runs share it. */
export interface RunKey {
  workflowId: string;
  firstRunId: string;
}

/** Names what a pipeline keeps between its runs; pipelines of two owners are two pipelines. */
export interface PipelineKey {
  pipeline: string;
  /** `null`: it has no owner. */
  owner: string | null;
}

/**
 * Port to the files of runs. The store is authoritative, sinks are copies. Every method throws
 * `RowmillError` (`store_unwritable`, `store_full`, `store_unreadable`; on S3 also
 * `store_unreachable` and `store_denied`).
 *
 * A file that was written is read at once by every process. A list may lag behind on some S3
 * servers: what must be whole is read by name.
 */
export interface Store {
  /** Location for display and messages. */
  readonly location: string;
  run(key: RunKey): Folder;
  /** Lists the first run ids that have folders, unordered. */
  firstRuns(workflowId: string): Promise<string[]>;
  /**
   * Lists workflow ids with this prefix that have a folder, unordered; only ids that are plain
   * names.
   */
  workflowIds(prefix: string): Promise<string[]>;
  /** Files that a pipeline keeps between its runs. */
  pipeline(key: PipelineKey): Folder;
  /** Claims of runs on the paths they will publish to. */
  readonly claims: Folder;
  /** Ledger of what passes have asked for, one file a pass (src/store/ledger.ts). */
  readonly ledger: Folder;
  /** Beats of the workers that share a token's pace (src/shared-pace), one folder a token. */
  readonly paces: Folder;
  /** Files of all pipelines, `<owner>/<name>/…`. */
  readonly pipelines: Folder;
  /** Lists the folders of a part with size and age, unordered. */
  aged(part: AgedPart): Promise<AgedFolder[]>;
  /** Opens a folder that `aged` has listed. */
  folderOf(aged: Pick<AgedFolder, 'names'>): Folder;
  /** Removes such a folder; readers then find no run, or no frozen inputs. Safe to repeat. */
  discard(aged: Pick<AgedFolder, 'names'>): Promise<void>;
  /** Returns the folder of frozen inputs with this digest, before a run exists. */
  staged(digest: string): Folder;
  /**
   * Creates a staged folder whose digest is known only after writing. `fill` writes the file
   * `name`, and others beside it, and returns an object with the digest. An existing folder of that
   * digest is kept.
   */
  stage<T extends { digest: string }>(
    name: string,
    fill: (draft: Draft, folder: Folder) => Promise<T>,
  ): Promise<T>;
  /**
   * Writes a staged folder as a draft, invisible until `keepDraft`. Another thread may decide
   * whether to keep it.
   */
  draftStage<T extends { digest: string }>(
    name: string,
    fill: (draft: Draft, folder: Folder) => Promise<T>,
  ): Promise<{ filled: T; draft: StageDraft }>;
  /** Moves a draft to its final place. */
  keepDraft(draft: StageDraft): Promise<void>;
  /** Removes a draft; safe to call after `keepDraft`. */
  dropDraft(draft: StageDraft): Promise<void>;
  /** Writes, reads back and removes a test file. */
  checkWritable(): Promise<void>;
}

/** Staged folder that is written, but not in its final place. */
export interface StageDraft {
  path: string;
  /** File that is there only when all others are. */
  name: string;
  digest: string;
}

/** Files under one name; each file is complete or absent. */
export interface Folder {
  /** Path or address for display. */
  readonly path: string;
  locate(name: string): string;
  exists(name: string): Promise<boolean>;
  /** Returns the size in bytes, or `null` without the file. */
  size(name: string): Promise<number | null>;
  list(prefix: string): Promise<string[]>;
  remove(name: string): Promise<void>;
  read(name: string, range?: { start: number; end: number }): Readable;
  /** Reads the whole file in pieces; a piece is valid until `visit` has resolved. */
  visit(name: string, visit: (piece: Uint8Array) => Promise<void>): Promise<void>;
  /** Streams lines without their ends. */
  lines(name: string): AsyncIterable<string>;
  readJson(name: string): Promise<unknown>;
  writeJson(name: string, value: unknown): Promise<void>;
  /** Opens a file that appears under its name only on `commit`. */
  create(name: string): Promise<Draft>;
}

export interface Draft {
  /** Appends one line; waits if the store is slower than the caller. */
  line(text: string): Promise<void>;
  /** Makes the file appear, whole and durable. */
  commit(): Promise<WrittenFile>;
  /** Removes the draft; safe to call after `commit`. */
  discard(): Promise<void>;
}

export interface WrittenFile {
  lines: number;
  bytes: number;
  /** Hex digest of the bytes. */
  sha256: string;
}

/** Folder of the store with its age. */
export interface AgedFolder {
  /** Names from the root of the store: `runs`, workflow, first run; `staged`, digest; `exports`, key. */
  names: readonly string[];
  bytes: number;
  /** Time of the newest file, epoch ms. */
  writtenAtMs: number;
}

/** Parts of the store whose folders are listed with their age. */
export type AgedPart = 'runs' | 'staged' | 'exports';

import type { Client } from '@temporalio/client';
import { RUN_FILE, UPDATE } from '../contract/names.ts';
import { rowTyper } from '../answers/typed-rows.ts';
import type { Json } from '../contract/json.ts';
import type { TypePolicy } from '../contract/pipeline.ts';
import type {
  BadRowLine,
  ChangeLine,
  InvalidAnswerLine,
  QuarantineLine,
  ResultRow,
  TypedResultRow,
} from '../contract/results.ts';
import type {
  Adjusted,
  AdjustRequest,
  ApproveRequest,
  CancelRequest,
  PauseRequest,
  RunSummary,
} from '../contract/run.ts';
import { RowmillError } from '../errors.ts';
import type { Folder, Store } from '../store/store.ts';
import { cancelRun } from './runs/cancel.ts';
import { endOfRun, watchRun, type ProgressUpdate } from './runs/watch.ts';
import { latestRun } from './runs/previous.ts';
import { rerunRun } from './runs/rerun.ts';
import { answerSchemasIn, changesFolder, endedRunFolder } from './runs/files/results.ts';
import { resultsIn, type StoredResults } from './runs/files/stored.ts';
import { runStatus, type RunStatus } from './runs/status.ts';
import { describeRun, noSuchRun } from './runs/lookup/describe.ts';
import { isSeen, type Owned } from './runs/lookup/ownership.ts';
import { eachWithServerErrors, withServerErrors } from '../temporal/server-error.ts';
import { attachedTo, type StartedRun } from './runs/start.ts';
import {
  approveIfWaiting,
  checkRequest,
  updateRun,
  type UpdateName,
  type Updates,
} from './runs/update.ts';
import { workerAvailability, type Availability } from '../temporal/task-queue.ts';

export interface ProgressOptions {
  /** Time between two polls, in ms. @default 2000 */
  intervalMs?: number;
  /** Ends the generator, not the run. */
  signal?: AbortSignal;
  /**
   * Resolves with an error when the worker of this process or its server is lost. While it does not,
   * a worker that has not come up is no reason for a warning. @default workers run elsewhere
   */
  broken?: Promise<RowmillError> | undefined;
}

/** Request to check, keyed by the name of its method. */
export type RequestToCheck =
  { approve: ApproveRequest } | { pause: PauseRequest } | { adjust: AdjustRequest };

export interface ResultsOptions {
  /** Treatment of answers of another type than their column. @default `check` */
  types?: TypePolicy;
}

export interface RerunAs {
  /** Approves the estimated credits. @default false */
  approve?: boolean;
  /** Label of the program or token that starts the run. */
  startedBy?: string;
}

export interface WaitOptions {
  /** Stops waiting without stopping the run: `wait` then returns `null`. */
  signal?: AbortSignal;
}

/** Connection and store that a run uses; created by `Rowmill`. */
export interface RunLink {
  client: Client;
  store: Store;
  taskQueue: string;
  /** Reports whether the server has rowmill's search attributes registered. */
  readonly searchAttributes: () => Promise<boolean>;
}

/**
 * Handle of one run: follow it, control it, read its results. Created by `Rowmill.start` and
 * `Rowmill.attach`; it owns no connection.
 */
export class RowmillRun {
  readonly #link: RunLink;
  /** Workflow id, the name of the run in every command and client. */
  readonly id: string;
  readonly runId: string;
  /** The task queue that its worker polls. */
  readonly taskQueue: string;
  /** True if the run existed already: same key, or same work in progress. */
  readonly attached: boolean;

  /** Owner of the run and the label of what started it, where they were given. */
  readonly owner: string | null;
  readonly startedBy: string | null;

  /**
   * Warnings about the pipeline and its rows, where this caller started the run: what `rowmill check`
   * prints, one text each.
   */
  readonly warnings: readonly string[];

  /** @internal */
  constructor(link: RunLink, run: StartedRun & Owned, warnings: readonly string[] = []) {
    this.#link = link;
    this.warnings = warnings;
    this.owner = run.owner ?? null;
    this.startedBy = run.startedBy ?? null;
    this.id = run.workflowId;
    this.runId = run.runId;
    this.taskQueue = run.taskQueue;
    this.attached = run.attached;
  }

  /**
   * Checks a request without asking any run.
   * @param nameOf Name of a field as the caller wrote it, for errors.
   * @throws RowmillError `usage`
   */
  static check(request: RequestToCheck, nameOf?: (field: string) => string): void {
    if ('approve' in request) checkRequest(UPDATE.approveSpend, request.approve, nameOf);
    else if ('pause' in request) checkRequest(UPDATE.pause, request.pause, nameOf);
    else checkRequest(UPDATE.adjust, request.adjust, nameOf);
  }

  /**
   * Reads the current state: the server's listing, live progress while the run is in progress, its
   * summary or error at the end.
   * @throws RowmillError `run_not_found`
   */
  status(): Promise<RunStatus> {
    return this.#ask((client) => runStatus(client, this.id));
  }

  /**
   * Polls the run until it ends, through restarts of workers and server. Yields the newest progress
   * (counts, `cellsPerMinute`, `leftMs`; `null` before a worker has answered) and a warning, if any.
   *
   * ```ts
   * for await (const { progress, warning } of run.progress()) {
   *   console.log(warning ?? `${progress?.stage}: ${progress?.cells.done} of ${progress?.cells.total}`);
   * }
   * ```
   * @throws RowmillError with the code the run failed with
   */
  progress({ intervalMs = 2_000, signal, broken }: ProgressOptions = {}): AsyncGenerator<
    ProgressUpdate,
    RunSummary | null
  > {
    const { client } = this.#link;
    const { id: workflowId, runId, taskQueue } = this;
    return eachWithServerErrors(
      client,
      watchRun({ client, workflowId, runId, taskQueue, intervalMs, signal, broken }),
    );
  }

  /**
   * Waits for the end: minutes to hours. Survives restarts of the server.
   * @returns the summary; `null` only if the signal fired first
   * @throws RowmillError with the code the run failed with, the place and the remedy
   */
  wait(): Promise<RunSummary>;
  wait(options: WaitOptions): Promise<RunSummary | null>;
  async wait({ signal }: WaitOptions = {}): Promise<RunSummary | null> {
    const { id: workflowId, runId } = this;
    return this.#ask((client) => endOfRun({ client, workflowId, runId, signal }));
  }

  /**
   * Iterates over the results of a run that has ended. Rows are streamed from the store in blocks.
   * An answer of another type than its column is `invalid`, with `null` as its value.
   *
   * ```ts
   * for await (const { key, cells } of run.results()) console.log(key, cells['sector']?.value);
   * ```
   * @typeParam Answers type of the answers by column, as `rowmill schema --results FILE` prints it
   * @param options `types`: `check` (the default), `coerce`, or `off` for the answers as they are
   * @throws RowmillError `action_refused` while the run is in progress, `results_missing` when they
   *   are not in this store
   */
  async *results<Answers extends object = Record<string, Json>>({
    types = 'check',
  }: ResultsOptions = {}): AsyncGenerator<TypedResultRow<Answers>> {
    const folder = await this.files();
    const typed = rowTyper(await answerSchemasIn(folder), types);
    for await (const row of this.#linesIn<ResultRow>(folder, RUN_FILE.results)) {
      // Safe cast: the caller names the type, and the answers were checked by their columns.
      yield typed(row).row as unknown as TypedResultRow<Answers>;
    }
  }

  /**
   * Iterates over rows that were left out, cells without an answer and invalid answers, with their
   * reasons.
   */
  quarantine(): AsyncGenerator<QuarantineLine | InvalidAnswerLine | BadRowLine> {
    return this.#lines<QuarantineLine | InvalidAnswerLine | BadRowLine>(RUN_FILE.quarantine);
  }

  /**
   * Iterates over rows that differ from the publication before at the first target.
   *
   * ```ts
   * for await (const { key, change, columns } of run.changes()) console.log(key, change, columns);
   * ```
   * @throws RowmillError `action_refused` while the run is in progress, `results_missing` if nothing
   *   was published or compared
   */
  async *changes(): AsyncGenerator<ChangeLine> {
    yield* this.#linesIn<ChangeLine>(
      await changesFolder(await this.files(), this.id),
      RUN_FILE.changes,
    );
  }

  /**
   * Reads the manifest of the run: counts, credits, files with their digests
   * (docs/reference/results.md).
   */
  async manifest(): Promise<unknown> {
    return (await this.files()).readJson(RUN_FILE.manifest);
  }

  /**
   * Returns the folder of a run that has ended, with `results.jsonl`, `manifest.json` and, if a
   * cell is open, `quarantine.jsonl`.
   * @throws RowmillError `action_refused` while the run is in progress, `results_missing`
   */
  async files(): Promise<Folder> {
    return endedRunFolder(this.#link.store, await this.#describe());
  }

  /**
   * Returns the stored results with the id of the execution that wrote them, to export them to
   * another place or format.
   * @throws RowmillError `action_refused` while the run is in progress, `results_missing`
   */
  async storedResults(): Promise<StoredResults> {
    const found = await this.#describe();
    const { store } = this.#link;
    return resultsIn(store, await endedRunFolder(store, found), found);
  }

  /**
   * Checks whether a worker polls the run's queue: `perhaps` if one did lately, `null` once the run
   * has ended.
   * @throws RowmillError `run_not_found`
   */
  async workerAvailability(): Promise<Availability | null> {
    const { status, taskQueue } = await this.#describe();
    return status.name === 'RUNNING'
      ? this.#ask((client) => workerAvailability(client, taskQueue))
      : null;
  }

  /**
   * Waits until the run asks for approval, then approves its credits.
   * @returns false if no worker answers, the run was already paused, or the signal fired first
   */
  approveOnceAsked({ signal }: WaitOptions = {}): Promise<boolean> {
    const { id: workflowId, taskQueue } = this;
    return this.#ask((client) => approveIfWaiting(client, { workflowId, taskQueue, signal }));
  }

  /**
   * Approves the credits of a run that waits for approval. The run records `by`.
   * @throws RowmillError `usage` for an invalid text, `action_refused`
   */
  approve(request: ApproveRequest = {}): Promise<void> {
    return this.#update(UPDATE.approveSpend, request);
  }

  /**
   * Pauses the run before its next step. Cells in progress at the provider and the deadline
   * continue. Operators see `reason` and `by`.
   * @throws RowmillError `usage` for an invalid text, `action_refused`
   */
  pause(request: PauseRequest = {}): Promise<void> {
    return this.#update(UPDATE.pause, request);
  }

  /**
   * Resumes a run that is paused, or that waits for credits or credentials.
   * @throws RowmillError `action_refused`
   */
  resume(): Promise<void> {
    return this.#update(UPDATE.resume);
  }

  /**
   * Changes the deadline (from the start of the run) or the longest time between two polls, as `8h`
   * or in ms.
   * @throws RowmillError `usage` for an invalid duration, `action_refused`
   */
  adjust(request: AdjustRequest): Promise<Adjusted> {
    return this.#update(UPDATE.adjust, request);
  }

  /**
   * Retries failed and open cells; completed cells are never paid twice. A run in progress makes
   * one more pass and is returned. A run that has ended is continued by a new run on the same
   * table, `<id>-rerun-<n>`.
   * @throws RowmillError `action_refused` if the run never had a table
   */
  rerun(as: RerunAs = {}): Promise<RowmillRun> {
    return this.#ask(() => rerunNewest(this.#link, this.id, as, this.owner ?? undefined));
  }

  /**
   * Asks the run to stop: it publishes its answers and ends as `cancelled`. Cells already requested
   * continue at the provider. Safe to repeat. `by` is shown in the reason of the run.
   * @throws RowmillError `action_refused` when it has ended
   */
  cancel(request: CancelRequest = {}): Promise<void> {
    return this.#ask((client) => cancelRun(client, this.id, request));
  }

  #ask<T>(work: (client: Client) => Promise<T>): Promise<T> {
    const { client } = this.#link;
    return withServerErrors(client, () => work(client));
  }

  #describe() {
    return this.#ask((client) => describeRun(client, this.id));
  }

  async #update<N extends UpdateName>(update: N, request?: Updates[N]['takes']) {
    checkRequest(update, request);
    const { taskQueue } = await this.#describe();
    return this.#ask((client) => updateRun(client, this.id, taskQueue, update, request));
  }

  async *#lines<T>(name: string): AsyncGenerator<T> {
    const folder = await this.files();
    // A run without open cells leaves no quarantine.
    if (await folder.exists(name)) yield* this.#linesIn<T>(folder, name);
  }

  async *#linesIn<T>(folder: Folder, name: string): AsyncGenerator<T> {
    let line = 0;
    for await (const text of folder.lines(name)) {
      line += 1;
      // Safe cast: the run wrote the line in this shape.
      yield parsed(text, `${folder.locate(name)}:${line}`) as T;
    }
  }
}

/**
 * Reruns the newest of a run and its reruns.
 * @internal
 * @param owner Limits which runs are visible, and owns the new run. @default all are visible
 */
export async function rerunNewest(
  link: RunLink,
  id: string,
  { approve = false, startedBy }: RerunAs,
  owner?: string,
): Promise<RowmillRun> {
  const { client, store, searchAttributes } = link;
  const { workflowId, description, isRunning } = await latestRun(client, id, store);
  if (description !== null && !isSeen(description, owner)) throw noSuchRun(workflowId);
  if (isRunning && description !== null) {
    await updateRun(client, workflowId, description.taskQueue, UPDATE.rerunFailed);
    return new RowmillRun(link, attachedTo(description));
  }
  const started = await rerunRun(client, id, {
    taskQueue: description?.taskQueue ?? link.taskQueue,
    searchAttributes: await searchAttributes(),
    store,
    owner,
    startedBy,
    ...(approve ? { approved: true } : {}),
  });
  return new RowmillRun(link, started);
}

function parsed(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's message quotes the content, which must not leak.
    throw new RowmillError('store_unreadable', 'the line is not JSON', { where });
  }
}

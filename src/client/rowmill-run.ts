import type { Client } from '@temporalio/client';
import { RUN_FILE, UPDATE } from '../contract/names.ts';
import type { BadRowLine, QuarantineLine, ResultRow } from '../contract/results.ts';
import type {
  Adjusted,
  AdjustRequest,
  ApproveRequest,
  PauseRequest,
  RunSummary,
} from '../contract/run.ts';
import { RowmillError } from '../errors.ts';
import type { Folder, Store } from '../store/store.ts';
import { cancelRun } from './runs/cancel.ts';
import { endOfRun, watchRun, type ProgressUpdate } from './runs/watch.ts';
import { latestRun } from './runs/previous.ts';
import { rerunRun } from './runs/rerun.ts';
import { endedRunFolder } from './runs/results.ts';
import { resultsIn, type StoredResults } from './runs/stored.ts';
import { runStatus, type RunStatus } from './runs/status.ts';
import { describeRun, noSuchRun } from './runs/describe.ts';
import { isSeen, type Owned } from './runs/owned.ts';
import { eachInOurWords, inOurWords } from '../temporal/server-error.ts';
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
  /** Pause between two looks, in ms. @default 2000 */
  intervalMs?: number;
  /** Ends the following, not the run. */
  signal?: AbortSignal;
}

/** A request by the name of its method. */
export type RequestToCheck =
  { approve: ApproveRequest } | { pause: PauseRequest } | { adjust: AdjustRequest };

export interface RerunAs {
  /** The estimated credits are approved. @default false */
  approve?: boolean;
  /** What starts it, for who asks later. */
  startedBy?: string;
}

export interface WaitOptions {
  /** Ends the waiting, not the run: `wait` then returns `null`. */
  signal?: AbortSignal;
}

/** What a run works with; made by `Rowmill`. */
export interface RunLink {
  client: Client;
  store: Store;
  taskQueue: string;
  /** Whether the server knows rowmill's search attributes. */
  readonly searchAttributes: () => Promise<boolean>;
}

/**
 * One run: to follow, to act on, and to read the results of. Made by `Rowmill.start` and
 * `Rowmill.attach`; it holds no connection of its own.
 */
export class RowmillRun {
  readonly #link: RunLink;
  /** The workflow id: what every command and every other backend calls the run. */
  readonly id: string;
  readonly runId: string;
  /** The task queue that its worker polls. */
  readonly taskQueue: string;
  /** It was there already: the same key, or the same work under way. */
  readonly attached: boolean;

  /** Whose it is, and what started it, where that was said. */
  readonly owner: string | null;
  readonly startedBy: string | null;

  /** @internal */
  constructor(link: RunLink, run: StartedRun & Owned) {
    this.#link = link;
    this.owner = run.owner ?? null;
    this.startedBy = run.startedBy ?? null;
    this.id = run.workflowId;
    this.runId = run.runId;
    this.taskQueue = run.taskQueue;
    this.attached = run.attached;
  }

  /**
   * Checks a request before any run is asked.
   * @param nameOf What a field is called where it was written, for errors.
   * @throws RowmillError `usage`
   */
  static check(request: RequestToCheck, nameOf?: (field: string) => string): void {
    if ('approve' in request) checkRequest(UPDATE.approveSpend, request.approve, nameOf);
    else if ('pause' in request) checkRequest(UPDATE.pause, request.pause, nameOf);
    else checkRequest(UPDATE.adjust, request.adjust, nameOf);
  }

  /**
   * How it stands now: what the server lists, live progress while it is under way, the summary or
   * the error once it has ended.
   * @throws RowmillError `run_not_found`
   */
  status(): Promise<RunStatus> {
    return this.#ask((client) => runStatus(client, this.id));
  }

  /**
   * One look after another until the run ends, through restarts of workers and server. Each has the
   * newest progress (counts, `cellsPerMinute`, `leftMs`; `null` before a worker has answered) and
   * what is in the way (`trouble`), if anything is.
   *
   * ```ts
   * for await (const { progress, trouble } of run.progress()) {
   *   console.log(trouble ?? `${progress?.stage}: ${progress?.cells.done} of ${progress?.cells.total}`);
   * }
   * ```
   * @throws RowmillError with the code the run failed with
   */
  progress({ intervalMs = 2_000, signal }: ProgressOptions = {}): AsyncGenerator<
    ProgressUpdate,
    RunSummary | null
  > {
    const { client } = this.#link;
    const { id: workflowId, runId, taskQueue } = this;
    return eachInOurWords(
      client,
      watchRun({ client, workflowId, runId, taskQueue, intervalMs, signal }),
    );
  }

  /**
   * Waits for the end: minutes to hours. Survives restarts of the server.
   * @returns what came of it; `null` only when the signal came first
   * @throws RowmillError with the code the run failed with, where and what to do
   */
  wait(): Promise<RunSummary>;
  wait(options: WaitOptions): Promise<RunSummary | null>;
  async wait({ signal }: WaitOptions = {}): Promise<RunSummary | null> {
    const { id: workflowId, runId } = this;
    return this.#ask((client) => endOfRun({ client, workflowId, runId, signal }));
  }

  /**
   * The results of a run that has ended, row by row out of the store: never more than a block of
   * them is in memory.
   *
   * ```ts
   * for await (const { key, cells } of run.results()) console.log(key, cells['sector']?.value);
   * ```
   * @throws RowmillError `action_refused` while the run is under way, `results_missing` when they
   *   are not in this store
   */
  results(): AsyncGenerator<ResultRow> {
    return this.#lines<ResultRow>(RUN_FILE.results);
  }

  /** Rows that were left out, and cells without an answer, and why, in the same way. */
  quarantine(): AsyncGenerator<QuarantineLine | BadRowLine> {
    return this.#lines<QuarantineLine | BadRowLine>(RUN_FILE.quarantine);
  }

  /** What happened, for audits: counts, credits, files with their digests (docs/reference/results.md). */
  async manifest(): Promise<unknown> {
    return (await this.files()).readJson(RUN_FILE.manifest);
  }

  /**
   * The folder of a run that has ended, with `results.jsonl`, `manifest.json` and, when a cell is
   * open, `quarantine.jsonl`.
   * @throws RowmillError `action_refused` while the run is under way, `results_missing`
   */
  async files(): Promise<Folder> {
    return endedRunFolder(this.#link.store, await this.#describe());
  }

  /**
   * The same with the id of the execution that wrote them, to be written elsewhere or in another format.
   * @throws RowmillError `action_refused` while the run is under way, `results_missing`
   */
  async storedResults(): Promise<StoredResults> {
    const found = await this.#describe();
    const { store } = this.#link;
    return resultsIn(store, await endedRunFolder(store, found), found.runId);
  }

  /**
   * Whether a worker polls for the run: `perhaps` where one did lately, `null` once the run has ended.
   * @throws RowmillError `run_not_found`
   */
  async workerAvailability(): Promise<Availability | null> {
    const { status, taskQueue } = await this.#describe();
    return status.name === 'RUNNING'
      ? this.#ask((client) => workerAvailability(client, taskQueue))
      : null;
  }

  /**
   * Approves the credits of a run that may not ask for it yet: waits until its rows are prepared.
   * @returns whether the run was approved; not where no worker answers, the run was paused before, or
   *   the signal came first
   */
  approveOnceAsked({ signal }: WaitOptions = {}): Promise<boolean> {
    const { id: workflowId, taskQueue } = this;
    return this.#ask((client) => approveIfWaiting(client, { workflowId, taskQueue, signal }));
  }

  /**
   * Approves the credits of a run that waits for it; `by` is recorded.
   * @throws RowmillError `usage` for what is no such text, `action_refused`
   */
  approve(request: ApproveRequest = {}): Promise<void> {
    return this.#update(UPDATE.approveSpend, request);
  }

  /**
   * Holds the run before its next step; cells under way at the provider go on, and so does its
   * deadline. `reason` and `by` are shown to operators.
   * @throws RowmillError `usage` for what is no such text, `action_refused`
   */
  pause(request: PauseRequest = {}): Promise<void> {
    return this.#update(UPDATE.pause, request);
  }

  /**
   * Lets a run go on that was paused, or that waits for credits or credentials.
   * @throws RowmillError `action_refused`
   */
  resume(): Promise<void> {
    return this.#update(UPDATE.resume);
  }

  /**
   * Changes the deadline (from the start of the run) or the longest time between two polls, as
   * `8h` or in ms.
   * @throws RowmillError `usage` for what is no duration, `action_refused`
   */
  adjust(request: AdjustRequest): Promise<Adjusted> {
    return this.#update(UPDATE.adjust, request);
  }

  /**
   * Retries failed and open cells: a run under way makes one more pass, and is returned; one
   * that has ended is continued by a new run on the same table, `<id>-rerun-<n>`. Nothing that is
   * done is paid again.
   * @throws RowmillError `action_refused` when there was never a table
   */
  rerun(as: RerunAs = {}): Promise<RowmillRun> {
    return this.#ask(() => rerunNewest(this.#link, this.id, as, this.owner ?? undefined));
  }

  /**
   * Asks it to stop: what is there is published, and it ends as `cancelled`. Cells already asked
   * for go on at the provider. Asking twice changes nothing.
   * @throws RowmillError `action_refused` when it has ended
   */
  cancel(): Promise<void> {
    return this.#ask((client) => cancelRun(client, this.id));
  }

  /** Asks the server. */
  #ask<T>(work: (client: Client) => Promise<T>): Promise<T> {
    const { client } = this.#link;
    return inOurWords(client, () => work(client));
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
    if (!(await folder.exists(name))) return;
    let line = 0;
    for await (const text of folder.lines(name)) {
      line += 1;
      // Written by the run in this shape.
      yield parsed(text, `${folder.locate(name)}:${line}`) as T;
    }
  }
}

/**
 * @internal Reruns the newest of a run and its reruns.
 * @param owner Whose runs are seen, and whose a new one is. @default all are seen
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
    // The parser's own message quotes the content.
    throw new RowmillError('store_unreadable', 'the line is not JSON', { where });
  }
}

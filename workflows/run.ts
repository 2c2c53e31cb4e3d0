import { ApplicationFailure, workflowInfo } from '@temporalio/workflow';
import type { PreparedRows } from '../activities/prepare-rows.ts';
import { MEMO_OWNER, MEMO_STORE } from '../src/contract/names.ts';
import type { Pipeline, RunPolicy, SpendPolicy } from '../src/contract/pipeline.ts';
import type {
  ApiCalls,
  LargeRunConfirmations,
  EnrichTableInput,
  Outcome,
  Stage,
} from '../src/contract/run.ts';
import type { TableRef } from '../src/contract/table.ts';
import { creditsRequested, creditsOf } from '../src/rules/spend/spend.ts';
import type { Argument } from './argument.ts';
import { spendOf, openState, type ActivePass, type RunState } from './run-state.ts';

/** Longest time for each step that reads or publishes results after the deadline or a cancel. */
const GRACE_MS = 60 * 60_000;

/** A run: its input, its state and what the operator sees of it. The steps work on it. */
export class Run {
  readonly input: EnrichTableInput;
  /** Raw argument from the client, for the validation. */
  readonly given: unknown;
  readonly pipeline: Pipeline;
  readonly state: RunState;
  /** Names the run's folder in the store and its table; the same for every run that continues it. */
  readonly key: { workflowId: string; firstRunId: string };
  readonly runId: string;
  /** Owner that the gateway or a caller named; `null`: none. */
  readonly owner: string | null;
  /** Store of the client that started the run, as it named it: any JSON. */
  readonly clientStore: unknown;
  readonly #show: (run: Run) => void;
  outcome: Outcome | null = null;
  /** Interrupts the step in progress, which then restarts; `null` if that is not safe. */
  interrupt: (() => void) | null = null;
  /** True once the lease that this execution took has ended; `null`: it took none. */
  leaseEnds: boolean | null = null;
  /** True once the execution ends because the same run continues as new. */
  continuesAsNew = false;
  /** True if the validation rejected its input. */
  refused = false;
  /** Cancelled or failed: the last steps do not wait until the deadline. */
  endingEarly = false;

  /** @param show Makes visible how the run stands */
  constructor({ given, input, carried }: Argument, show: (run: Run) => void) {
    const { workflowId, runId, firstExecutionRunId, memo } = workflowInfo();
    const owner = memo?.[MEMO_OWNER];
    this.owner = typeof owner === 'string' ? owner : null;
    this.clientStore = memo?.[MEMO_STORE] ?? null;
    this.input = input;
    this.given = given;
    this.pipeline = input.pipeline;
    this.state = openState(input, carried);
    this.key = { workflowId, firstRunId: firstExecutionRunId };
    this.runId = runId;
    this.#show = show;
  }

  enter(stage: Stage): void {
    this.state.stage = stage;
    this.#show(this);
  }

  finish(outcome: Outcome): void {
    this.outcome = outcome;
    this.enter('finished');
  }

  leftMs(): number {
    return Math.max(1, this.state.deadlineAtMs - Date.now());
  }

  isLate(): boolean {
    return Date.now() >= this.state.deadlineAtMs;
  }

  /** Options of one call of an activity: what the UI calls it, and how long it may be retried. */
  within(summary: string) {
    return { summary, scheduleToCloseTimeout: this.leftMs() };
  }

  /** Options for steps that end a run, with a grace time after the deadline. */
  withinGrace(summary: string) {
    const leftMs = this.endingEarly ? 0 : this.leftMs();
    return { summary, scheduleToCloseTimeout: Math.max(leftMs, GRACE_MS) };
  }

  /** The pipeline's policy with the operator's adjustments. */
  get policy(): RunPolicy {
    return { ...this.pipeline.run, maxPollIntervalMs: this.state.maxPollIntervalMs };
  }

  count({ calls, confirmed }: { calls: ApiCalls; confirmed?: LargeRunConfirmations }): void {
    this.state.calls.total += calls.total;
    this.state.calls.polls += calls.polls;
    if (confirmed === undefined) return;
    this.state.confirmed.requests += confirmed.requests;
    this.state.confirmed.cells += confirmed.cells;
  }

  get prepared(): PreparedRows {
    return known(this.state.prepared, 'the rows are prepared');
  }

  get table(): TableRef {
    return known(this.state.table, 'the table is there');
  }

  get pass(): ActivePass {
    return known(this.state.activePass, 'a run of the table is open');
  }

  /** The pipeline's limits, under those of the worker's owner. */
  get spend(): SpendPolicy {
    return spendOf(this);
  }

  /** Credits of the cells asked for so far. */
  get creditsRequested(): number {
    return creditsRequested(this.state.unitsRequested, this.state.cellsCancelled, this.spend);
  }

  get estimatedCredits(): number {
    return creditsOf(this.prepared, this.spend);
  }
}

function known<T>(value: T | null, what: string): T {
  if (value === null) throw ApplicationFailure.nonRetryable(`not before ${what}`, 'internal');
  return value;
}

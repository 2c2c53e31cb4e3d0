import { z } from 'zod';
import type { ResultTarget, TableSpec } from '../src/contract/pipeline.ts';
import type { ApiCalls, PreviousRunRef } from '../src/contract/run.ts';
import type { TableRef } from '../src/contract/table.ts';
import { RowmillError } from '../src/errors.ts';
import { type BareTable, UnusableTable } from '../src/providers/provider.ts';
import { claimTargets } from '../src/store/claims.ts';
import { readLastingTable, writeLastingTable } from '../src/nights/lasting-table.ts';
import type { PipelineKey, RunKey } from '../src/store/store.ts';
import type { ActivityDeps } from './runtime/deps.ts';
import { tableOf } from './results/summary/previous-run.ts';
import { MAX_COMMIT_DELAY_MS } from './table/commit-window.ts';
import {
  deleteEmpty,
  findOrCreate,
  keepOne,
  type Candidate,
  tableTag,
} from './table/find-table.ts';
import { pauseAfter, retryRead, withRetries } from './runtime/retry-read.ts';
import { activity, type ActivityAttempt } from './runtime/activity.ts';
import { tolerant, type TroubleInput } from './runtime/trouble.ts';
import { runsAt, sharedPaths } from './results/target-paths.ts';

export interface EnsureTableInput {
  run: RunKey;
  provider: string;
  name: string;
  spec: TableSpec;
  /** Begun before, and broken off: a create may have gone out. */
  resumedAfterInterrupt: boolean;
  /** Registers where this run publishes, for other runs to see. */
  claim: { results: ResultTarget[]; untilMs: number };
  /** Go on with the table of this run instead of one of its own. */
  previousRun: PreviousRunRef | null;
  /** The pipeline keeps one table. Left out: the run has one of its own. */
  lasting?: LastingTableInput;
  trouble: TroubleInput;
}

export interface LastingTableInput {
  /** Names what the pipeline keeps between its runs. */
  key: PipelineKey;
  /** Run that makes or made the table, which carries its tag. */
  origin: RunKey;
  /** Table of the earlier runs; `null`: it was not made so far. */
  tableId: string | null;
}

export interface EnsuredTable {
  table: TableRef;
  /** The reply to a create was lost: it may still be committed, and make a second table. */
  mayHaveDuplicates: boolean;
  /** Other runs with the same targets, as found when the rows were prepared. */
  sameTarget?: string[];
  calls: ApiCalls;
}

/** Progress that an attempt leaves for the next one. */
interface Made {
  tableId: string;
}

const MadeBefore = z.object({ tableId: z.string() }).nullable().catch(null);

/**
 * Finds or creates the run's table with its columns. Without idempotency keys, it is looked up by
 * its tag before it is created, and again if a create may have been committed twice. The run
 * continues with one table and deletes empty duplicates. Tables made by earlier attempts are
 * reused.
 */
export const ensureTable = activity<EnsureTableInput, EnsuredTable, Made>(
  (input, attempt, deps) => new Setup(deps, input, attempt).run(),
  (input) => tolerant(input, input.previousRun !== null),
);

class Setup {
  readonly #deps: ActivityDeps;
  readonly #input: EnsureTableInput;
  readonly #attempt: ActivityAttempt<Made>;
  readonly #now: () => number;
  /** Latest time of a sent request with a lost reply; `null`: none. */
  #openSinceMs: number | null;

  constructor(deps: ActivityDeps, input: EnsureTableInput, attempt: ActivityAttempt<Made>) {
    this.#deps = deps;
    this.#input = input;
    this.#attempt = attempt;
    this.#now = deps.now ?? Date.now;
    this.#openSinceMs = this.#mayHaveCreated ? this.#now() : null;
  }

  get #mayHaveCreated(): boolean {
    const { lasting, run, resumedAfterInterrupt } = this.#input;
    // An earlier run may have been terminated while it made the table.
    const isLater = lasting?.tableId === null && !isSame(lasting.origin, run);
    return this.#attempt.previousAttemptMayHaveSent || resumedAfterInterrupt || isLater;
  }

  async run(): Promise<EnsuredTable> {
    const sameTarget = await this.#claim();
    const { previousRun } = this.#input;
    const kept = this.#input.lasting?.tableId ?? null;
    const made = await this.#found(previousRun, kept);
    const filled = await this.#filled(made, previousRun === null && kept === null);
    const mayHaveDuplicates = filled.mayHaveDuplicates && previousRun === null;
    // Late requests are committed before the table has a row that they could compute.
    const waited = await this.#outwait();
    // A request committed meanwhile may have removed the placeholder row.
    const isOld = waited && filled.table.placeholderRows !== undefined;
    const table = isOld ? await this.#withColumns({ id: filled.table.id }) : filled.table;
    if (mayHaveDuplicates) await keepOne(this.#search, table.id);
    await this.#remember(table);
    const others = sameTarget.length === 0 ? {} : { sameTarget };
    return { table, mayHaveDuplicates, ...others, calls: this.#attempt.calls };
  }

  /** Names earlier claims: of two runs, at least one reports the other. */
  async #claim(): Promise<string[]> {
    const { run, claim } = this.#input;
    const paths = await sharedPaths(claim.results);
    await claimTargets(this.#deps.store, run, paths, claim.untilMs);
    return runsAt(this.#deps, run, paths);
  }

  get #provider() {
    return this.#deps.providers.get(this.#input.provider);
  }

  get #search() {
    const { run, lasting } = this.#input;
    const tag = tableTag(lasting?.origin ?? run);
    return { provider: this.#provider, tag, attempt: this.#attempt };
  }

  async #found(previousRun: PreviousRunRef | null, kept: string | null): Promise<Candidate> {
    if (previousRun !== null) return this.#previousTable(previousRun);
    return kept === null ? this.#own() : this.#lastingTable(kept);
  }

  /** @throws RowmillError `table_gone`: only an operator decides to pay for all cells again */
  async #lastingTable(id: string): Promise<Candidate> {
    const { provider, tag, attempt } = this.#search;
    const table = await retryRead(attempt, () => provider.readTable(id, tag, attempt.ctx));
    if (table !== null) return { id, mayHaveDuplicates: false };
    const what = 'the lasting table was deleted, or belongs to another account';
    throw new RowmillError('table_gone', what, { where: `table ${id}` });
  }

  /** Lets the next run find the lasting table. */
  async #remember({ id, url }: TableRef): Promise<void> {
    const { lasting } = this.#input;
    if (lasting === undefined || lasting.tableId !== null) return;
    const { store } = this.#deps;
    const state = await readLastingTable(store, lasting.key);
    if (state === null) return;
    await writeLastingTable(store, lasting.key, { ...state, table: { id, url } });
  }

  #own(): Promise<Candidate> {
    const { spec, name } = this.#input;
    const search = this.#search;
    return findOrCreate({
      ...search,
      mayHaveCreated: this.#mayHaveCreated,
      known: MadeBefore.parse(this.#attempt.previous)?.tableId ?? null,
      create: (ctx) => this.#provider.createTable(spec, name, search.tag, ctx),
      onLost: () => this.#lost(),
    });
  }

  async #previousTable(previousRun: PreviousRunRef): Promise<Candidate> {
    const id = await tableOf(this.#deps.store, previousRun, this.#provider, this.#attempt);
    return { id, mayHaveDuplicates: false };
  }

  /** Replaces a table that cannot be filled, as long as it is this run's own and empty. */
  async #filled(
    first: Candidate,
    isOwn: boolean,
  ): Promise<{ table: TableRef; mayHaveDuplicates: boolean }> {
    let made = first;
    for (let replaced = 0; ; replaced += 1) {
      this.#attempt.heartbeat({ tableId: made.id }, `table ${made.id}`);
      try {
        return { table: await this.#withColumns(made), mayHaveDuplicates: made.mayHaveDuplicates };
      } catch (error) {
        if (!(error instanceof UnusableTable) || !isOwn || replaced === MAX_REPLACED) {
          throw error;
        }
        await deleteEmpty(this.#search, made.id, error);
        made = await this.#own();
      }
    }
  }

  /** Restarted after each failure: it reads existing columns and creates missing ones. */
  async #withColumns({ id, untouched = false, sheetId }: BareTable): Promise<TableRef> {
    const { spec } = this.#input;
    const ctx = withRetries(this.#attempt);
    let bare: BareTable = { id, untouched, ...(sheetId === undefined ? {} : { sheetId }) };
    for (let tries = 1; ; tries += 1) {
      try {
        return await this.#attempt.send(() => this.#provider.ensureColumns(bare, spec, ctx));
      } catch (error) {
        // Unsent requests and reads were repeated already; Temporal retries lasting trouble.
        if (!(error instanceof RowmillError) || !error.retryable || !error.ambiguous) throw error;
        this.#lost();
        if (tries === TRIES + spec.columns.length) throw error;
        bare = { id };
        await this.#attempt.sleep(pauseAfter(error, Math.min(tries, LONGEST_PAUSE_AT)));
      }
    }
  }

  #lost(): void {
    this.#openSinceMs = this.#now();
  }

  /** Waits for late commits; returns whether there was anything to wait for. */
  async #outwait(): Promise<boolean> {
    if (this.#openSinceMs === null) return false;
    const leftMs = this.#openSinceMs + MAX_COMMIT_DELAY_MS - this.#now();
    if (leftMs > 0) await this.#attempt.waitForLateCommit(leftMs);
    return true;
  }
}

/** Tables that cannot be filled: the first one, and what its lost creates have left. */
const MAX_REPLACED = 4;

/** Failures of making the columns in one attempt, beyond one for each column. */
const TRIES = 5;
/** The pauses between them grow no longer than after so many. */
const LONGEST_PAUSE_AT = 3;

const isSame = (one: RunKey, other: RunKey): boolean =>
  one.workflowId === other.workflowId && one.firstRunId === other.firstRunId;

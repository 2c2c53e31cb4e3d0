import { z } from 'zod';
import type { ResultTarget, TableSpec } from '../src/contract/pipeline.ts';
import type { ApiCalls, EarlierRun } from '../src/contract/run.ts';
import type { TableRef } from '../src/contract/table.ts';
import { RowmillError } from '../src/errors.ts';
import type { BareTable } from '../src/providers/provider.ts';
import { UnusableTable } from '../src/providers/unusable-table.ts';
import { claimsOfOthers, claimTargets } from '../src/store/claims.ts';
import type { RunKey } from '../src/store/store.ts';
import type { ActivityDeps } from './deps.ts';
import { tableOf } from './earlier-run.ts';
import { LANDS_WITHIN_MS } from './landing.ts';
import { deleteEmpty, findOrCreate, keepOne, type Candidate } from './own-table.ts';
import { pauseAfter, withPatience } from './reading.ts';
import { activity, type Step } from './step.ts';
import { patient, type TroubleInput } from './trouble.ts';
import { tableTag } from './table-tag.ts';
import { sharedPaths } from './target-paths.ts';

export interface EnsureTableInput {
  run: RunKey;
  provider: string;
  name: string;
  spec: TableSpec;
  /** Begun before, and broken off: a create may have gone out. */
  again?: boolean;
  /** From here on other runs are told who publishes there. Left out by older versions. */
  claim?: { results: ResultTarget[]; untilMs: number };
  /** Go on with the table of this run instead of one of its own. */
  earlier?: EarlierRun | null;
  trouble?: TroubleInput;
}

export interface EnsuredTable {
  table: TableRef;
  /** A create went out whose reply nobody heard: it may still land, and make a second table. */
  contested: boolean;
  /** As when the rows were prepared. */
  sameTarget?: string[];
  calls: ApiCalls;
}

/** What an attempt leaves for the next one. */
interface Made {
  tableId: string;
}

const MadeBefore = z.object({ tableId: z.string() }).nullable().catch(null);

/**
 * The run's one table with its columns. There are no idempotency keys, so it is looked up by its tag
 * before it is created, and again when a create may have landed twice: the run goes on with one, and
 * empty others are deleted. Each request has its own fate: what is made once stays made.
 */
export const ensureTable = activity<EnsureTableInput, EnsuredTable, Made>(
  (input, step, deps) => new Setup(deps, input, step).run(),
  (input) => patient(input, input.earlier != null),
);

class Setup {
  readonly #deps: ActivityDeps;
  readonly #input: EnsureTableInput;
  readonly #step: Step<Made>;
  readonly #now: () => number;
  /** When a request went out, at the latest, whose fate is unknown; `null`: none has. */
  #openSinceMs: number | null;

  constructor(deps: ActivityDeps, input: EnsureTableInput, step: Step<Made>) {
    this.#deps = deps;
    this.#input = input;
    this.#step = step;
    this.#now = deps.now ?? Date.now;
    this.#openSinceMs = this.#begun ? this.#now() : null;
  }

  get #begun(): boolean {
    return this.#step.begun || this.#input.again === true;
  }

  async run(): Promise<EnsuredTable> {
    const sameTarget = await this.#claim();
    const { earlier = null } = this.#input;
    const made = earlier === null ? await this.#own() : await this.#earlier(earlier);
    const filled = await this.#filled(made, earlier === null);
    const contested = filled.contested && earlier === null;
    // What is on its way lands before a row is there that it could compute.
    const waited = await this.#outwait();
    // What has landed meanwhile may be the end of the blank row.
    const isOld = waited && filled.table.blank !== undefined;
    const table = isOld ? await this.#withColumns({ id: filled.table.id }) : filled.table;
    if (contested) await keepOne(this.#search, table.id);
    const others = sameTarget.length === 0 ? {} : { sameTarget };
    return { table, contested, ...others, calls: this.#step.calls };
  }

  /** Those that were there first are named: of two runs at least one says so. */
  async #claim(): Promise<string[]> {
    const { run, claim } = this.#input;
    if (claim === undefined) return [];
    const paths = await sharedPaths(claim.results);
    await claimTargets(this.#deps.store, run, paths, claim.untilMs);
    return claimsOfOthers(this.#deps.store, run, paths, this.#now());
  }

  get #provider() {
    return this.#deps.providers.get(this.#input.provider);
  }

  get #search() {
    return { provider: this.#provider, tag: tableTag(this.#input.run), step: this.#step };
  }

  #own(): Promise<Candidate> {
    const { spec, name } = this.#input;
    const search = this.#search;
    return findOrCreate({
      ...search,
      begun: this.#begun,
      known: MadeBefore.parse(this.#step.previous)?.tableId ?? null,
      create: (ctx) => this.#provider.createTable(spec, name, search.tag, ctx),
      onLost: () => this.#lost(),
    });
  }

  async #earlier(earlier: EarlierRun): Promise<Candidate> {
    const id = await tableOf(this.#deps.store, earlier, this.#provider, this.#step);
    return { id, contested: false };
  }

  /** One that cannot be filled is replaced, as long as it is this run's own and empty. */
  async #filled(
    first: Candidate,
    isOwn: boolean,
  ): Promise<{ table: TableRef; contested: boolean }> {
    let made = first;
    for (let replaced = 0; ; replaced += 1) {
      this.#step.report({ tableId: made.id }, `table ${made.id}`);
      try {
        return { table: await this.#withColumns(made), contested: made.contested };
      } catch (error) {
        if (!(error instanceof UnusableTable) || !isOwn || replaced === REPLACED_AT_MOST) {
          throw error;
        }
        await deleteEmpty(this.#search, made.id, error);
        made = await this.#own();
      }
    }
  }

  /** Begun anew after each failure: it reads what is there, and makes what is not. */
  async #withColumns({ id, untouched = false, sheetId }: BareTable): Promise<TableRef> {
    const { spec } = this.#input;
    const ctx = withPatience(this.#step);
    let bare: BareTable = { id, untouched, ...(sheetId === undefined ? {} : { sheetId }) };
    for (let tries = 1; ; tries += 1) {
      try {
        return await this.#step.send(() => this.#provider.ensureColumns(bare, spec, ctx));
      } catch (error) {
        // What was not sent, or changes nothing, has been repeated in place: lasting trouble is Temporal's.
        if (!(error instanceof RowmillError) || !error.retryable || !error.ambiguous) throw error;
        this.#lost();
        if (tries === TRIES + spec.columns.length) throw error;
        bare = { id };
        await this.#step.sleep(pauseAfter(error, Math.min(tries, LONGEST_PAUSE_AT)));
      }
    }
  }

  #lost(): void {
    this.#openSinceMs = this.#now();
  }

  /** Whether there was something to wait for. */
  async #outwait(): Promise<boolean> {
    if (this.#openSinceMs === null) return false;
    const leftMs = this.#openSinceMs + LANDS_WITHIN_MS - this.#now();
    if (leftMs > 0) await this.#step.settle(leftMs);
    return true;
  }
}

/** Tables that cannot be filled: the first one, and what its lost creates have left. */
const REPLACED_AT_MOST = 4;

/** Failures of making the columns in one attempt, beyond one for each column. */
const TRIES = 5;
/** The pauses between them grow no longer than after so many. */
const LONGEST_PAUSE_AT = 3;

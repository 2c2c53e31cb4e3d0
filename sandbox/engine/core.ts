import { randomInt } from 'node:crypto';
import { apiStates } from '../api-states.ts';
import { Clock } from './clock.ts';
import { advance } from './scheduler.ts';
import { FactBook, packagedFacts, readFacts, type CompanyFact } from '../oracle/facts.ts';
import { Heap } from './heap.ts';
import { IdSeries } from './ids.ts';
import { Journal, readJournal, type Entry, type Origin } from './journal.ts';
import { Ledger } from './ledger.ts';
import { isMutation, MUTATIONS, type MutationName, type Mutations } from '../mutations.ts';
import type { SandboxOptions } from '../settings.ts';
import type { SandboxState } from './state.ts';

type Args<N extends MutationName> = Parameters<Mutations[N]>[1];
type Result<N extends MutationName> = ReturnType<Mutations[N]>;

/** The pretended API without its HTTP: a world, the time in it, and the journal of what was done. */
export class SandboxCore {
  readonly state: SandboxState;
  #journal: Journal | null = null;

  /** @throws Error when an option makes no sense, or the state file is damaged or of others */
  static async create(options: SandboxOptions): Promise<SandboxCore> {
    return new SandboxCore(options, new FactBook(await factsOf(options)));
  }

  private constructor(options: SandboxOptions, book: FactBook) {
    refuseNonsense(options);
    const past = options.stateFile === undefined ? null : readJournal(options.stateFile);
    const requested = originOf(options, book);
    if (past !== null) refuseOther(requested, past.origin, options.stateFile ?? '');
    this.state = stateFrom(past?.origin ?? requested, book, options);
    for (const entry of past?.entries ?? []) this.#replay(entry);
    if (options.stateFile !== undefined) {
      this.#journal = new Journal(options.stateFile);
      if (past === null) this.#journal.begin(requested);
    }
    // Before the first start the clock stands; from here on it runs.
    this.#apply('open', {
      wallMs: Date.now(),
      speed: options.speed ?? 1,
      concurrency: options.concurrency ?? 50,
    });
  }

  /** Lets time catch up, reads, and makes sure that what was seen stays so after a restart. */
  read<T>(look: (state: SandboxState) => T): T {
    this.catchUp();
    return look(this.state);
  }

  /** Changes the world, on the record. @throws Problem, with nothing changed */
  execute<N extends MutationName>(name: N, args: Args<N>): Result<N> {
    this.catchUp();
    return this.#apply(name, args);
  }

  catchUp(): void {
    const moved = advance(this.state, this.state.clock.nowMs());
    if (moved) this.#journal?.append({ at: this.state.atMs, args: null });
  }

  /** Keeps the request counters, which are not mutations of their own. */
  keepRequests(): void {
    if (this.#journal === null) return;
    const counts = this.state.ledger.takeRequests();
    if (counts !== null) this.execute('requests', counts);
  }

  close(): void {
    this.catchUp();
    this.keepRequests();
    this.#journal?.close();
  }

  #apply<N extends MutationName>(name: N, args: Args<N>): Result<N> {
    // Safe cast: an entry of the table, called with its own arguments.
    const mutate = MUTATIONS[name] as (state: SandboxState, args: Args<N>) => Result<N>;
    const result = mutate(this.state, args);
    this.#journal?.append({ at: this.state.atMs, do: name, args });
    return result;
  }

  #replay({ at, do: name, args }: Entry): void {
    advance(this.state, at);
    if (name === undefined) return;
    if (!isMutation(name)) throw new Error(`The state file holds an unknown step: ${name}`);
    // Written by `#apply` above, with arguments of this type.
    this.#apply(name, args as Args<typeof name>);
  }
}

async function factsOf({ facts }: SandboxOptions): Promise<readonly CompanyFact[]> {
  if (facts === undefined) return packagedFacts();
  return typeof facts === 'string' ? readFacts(facts) : facts;
}

const originOf = (options: SandboxOptions, book: FactBook): Origin => ({
  nonce: randomInt(2 ** 32),
  credits: options.credits ?? 1_000_000,
  fixed: {
    seed: options.seed ?? 1,
    failRate: options.failRate ?? 0.04,
    alwaysFailsRate: options.alwaysFailsRate ?? 0.004,
    cellMs: options.cellMs ?? null,
    factsDigest: book.digest,
  },
});

function refuseNonsense({ token, speed = 1, concurrency = 50 }: SandboxOptions): void {
  const tokens = typeof token === 'string' ? [token] : Object.values(token);
  if (tokens.length === 0 || tokens.includes('')) throw new RangeError('token must not be empty');
  if (!(speed > 0)) throw new RangeError('speed must be above 0');
  if (!(concurrency >= 1)) throw new RangeError('concurrency must be at least 1');
}

/** Answers that were given would change: better not to start at all. */
function refuseOther(requested: Origin, made: Origin, path: string): void {
  const text = ({ fixed }: Origin): string => JSON.stringify(fixed);
  if (text(requested) === text(made)) return;
  throw new Error(
    `${path} was made with ${text(made)}, this start wants ${text(requested)}: ` +
      'use the same options, or another state file',
  );
}

function stateFrom(
  { nonce, credits, fixed }: Origin,
  book: FactBook,
  options: SandboxOptions,
): SandboxState {
  const { seed, failRate, alwaysFailsRate, cellMs } = fixed;
  return {
    nonce,
    oracle: { seed, failRate, alwaysFailsRate, book, cellRules: [], cellSeed: 1 },
    cellMs,
    tunable: { speed: 1, concurrency: 1 },
    statusLagMs: options.statusLagMs ?? 300,
    countRequested: options.countRequested ?? true,
    clock: new Clock(options.realMs ?? (() => performance.now())),
    ledger: new Ledger(),
    tables: new Map(),
    tableIds: new IdSeries(nonce, 'table', 0),
    runIds: new IdSeries(nonce, 'run', 0),
    timers: new Heap(),
    ...apiStates(nonce, options),
    tablesMade: 0,
    runsMade: 0,
    credits,
    cellsPaid: 0,
    creditRules: [],
    waveRules: [],
    creditsTaken: new Map(),
    atMs: 0,
    planned: 0,
  };
}

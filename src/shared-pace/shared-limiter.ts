import { randomBytes } from 'node:crypto';
import { RowmillError } from '../errors.ts';
import { outsideOfSteps } from '../fence.ts';
import { createLimiter, type Limiter } from '../http/limiter.ts';
import { paceBounds } from '../http/pace.ts';
import { shareAt, type ShareStep } from '../http/share.ts';
import { isGone, newOwner } from '../store/disk/process-owner.ts';
import type { Folder } from '../store/store.ts';
import { agreedPace } from './agreed-pace.ts';
import { beatName, type Beat } from './beat.ts';
import { createDemand } from './demand.ts';
import { BEAT_MS } from './living-beats.ts';
import { Peers } from './peers.ts';
import { allot, UNIT } from './shares.ts';
import { StoreCalls } from './store-calls.ts';

export interface SharedLimiterOptions {
  /** `store.paces`. */
  folder: Folder;
  /** Digest of the token: never the token itself. */
  token: string;
  /** Operator's limit of the whole token, requests a second. @default none */
  ratePerSecond?: number | null;
  /** Called after each reading of the other workers, and when the store stops answering. */
  onLook?: (look: PaceLook) => void;
}

/** State of the sharing, for logs and metrics. */
export interface PaceLook {
  /** Workers that use the token now, this one included. */
  workers: number;
  /** Part of the pace that this worker may use, from 0 to 1. */
  share: number;
  /** Pace of the whole token, requests a second. */
  perSecond: number;
  /** Reason that the store does not answer; `null`: it does. */
  problem: RowmillError | null;
}

export interface SharedLimiter {
  limiter: Limiter;
  /**
   * Leaves the pace to the other workers, a second after the last request at the soonest. A later
   * request joins again.
   */
  leave: () => Promise<void>;
}

/** Time between two beats while this worker waits for others to make room. */
const SOON_MS = 1_000;
/** Least time between two beats, whatever happens. */
const LEAST_BEAT_MS = 500;
/** A worker that has sent nothing for this time writes and reads nothing. */
const QUIET_MS = 60_000;
/** A share holds for this time without an answer: less than the time after which others divide it. */
const LEASE_MS = 5_000;
/** Later, this part of it is used, and after `LEAST_AFTER_MS` the other one. */
const CAREFUL = 1 / 2;
const LEAST_AFTER_MS = 30_000;
const LEAST = 1 / 10;
/** Time after which more is used: no second then has requests of the old and the new share. */
const WINDOW_MS = 1_000;

/** Creates the limiter of a token whose pace the workers of a store share. */
export function createSharedLimiter(options: SharedLimiterOptions): SharedLimiter {
  const sharing = new Sharing(options);
  return { limiter: sharing.limiter, leave: () => sharing.leave() };
}

/**
 * Share of one worker in a token. It claims a share in a beat, then reads the beats of the others, and
 * uses at most what their claims leave. So the shares in use never exceed the whole, whatever the order in
 * which workers write and read.
 */
class Sharing {
  readonly limiter: Limiter;
  readonly #options: SharedLimiterOptions;
  readonly #calls: StoreCalls;
  readonly #worker = randomBytes(6).toString('hex');
  readonly #owner = newOwner();
  #demand = createDemand();
  readonly #written: string[] = [];
  #peers = new Peers(this.#worker);
  #steps: readonly ShareStep[] = [];
  #nth = 0;
  /** Thousandths of a unit: in the newest beat, and in use. */
  #claim = 0;
  #granted = 0;
  #wantedAtMs = Number.NEGATIVE_INFINITY;
  #beatAtMs = Number.NEGATIVE_INFINITY;
  #running: Promise<void> | null = null;
  #isUrgent = false;
  #stopped = false;
  #wake: () => void = () => undefined;

  constructor(options: SharedLimiterOptions) {
    this.#options = options;
    this.#calls = new StoreCalls(options.folder.path);
    this.limiter = createLimiter({
      ratePerSecond: options.ratePerSecond ?? null,
      firstShare: 0,
      onTake: () => this.#wanted(),
      onSlowed: () => {
        this.#isUrgent = true;
        this.#wake();
      },
    });
  }

  async leave(): Promise<void> {
    const leftAtMs = performance.now();
    this.#stopped = true;
    this.#wake();
    await this.#running;
    this.#stopped = false;
    if (this.#wantedAtMs > leftAtMs) this.#wanted();
  }

  #wanted(): void {
    this.#wantedAtMs = performance.now();
    if (this.#running !== null) return;
    // A request of some step is the first; beats follow for as long as any step sends.
    this.#running = outsideOfSteps(() => this.#run());
  }

  async #run(): Promise<void> {
    // A request that came while the beats were removed needs a share again.
    do await this.#join();
    while (!this.#stopped && !this.#isQuiet());
    this.#running = null;
  }

  async #join(): Promise<void> {
    const nowMs = performance.now();
    this.#setSteps([
      { fromMs: nowMs, share: 0 },
      { fromMs: nowMs + LEASE_MS, share: LEAST },
    ]);
    this.#demand = createDemand();
    const isKnown = await this.#tried(() => this.#look());
    if (isKnown) this.#claim = this.#target();
    while (!this.#stopped && !this.#isQuiet()) {
      this.#beatAtMs = performance.now();
      this.#isUrgent = false;
      await this.#tried(() => this.#beat());
      await this.#pause(this.#granted < this.#claim ? SOON_MS : BEAT_MS);
    }
    await this.#cease();
    await this.#tried(() => this.#withdraw());
  }

  /** Sends nothing more, for a second in which the others must still see the claim. */
  async #cease(): Promise<void> {
    this.#setSteps([{ fromMs: performance.now(), share: 0 }]);
    const leftMs = this.limiter.lastSentAtMs + WINDOW_MS - performance.now();
    if (leftMs > 0) await new Promise((resolve) => setTimeout(resolve, leftMs));
  }

  #isQuiet(): boolean {
    return performance.now() - this.#wantedAtMs >= QUIET_MS;
  }

  /** Reads who is there before the first claim, and finds workers of this machine that were killed. */
  async #look(): Promise<void> {
    this.#peers = new Peers(this.#worker);
    await this.#see();
    const killed = this.#peers.live(performance.now()).map(async ({ worker }) => {
      const [name] = this.#peers.namesOf(worker).toReversed();
      const owner = name === undefined ? null : await this.#contentOf(name);
      if (owner !== null && isGone(owner)) await this.#forget(worker);
    });
    await Promise.all(killed);
  }

  /** Claims, reads and uses a share; claims again at once where the others have changed. */
  async #beat(): Promise<void> {
    this.#demand.add(this.limiter.load(), this.limiter.pace.perSecond);
    for (let round = 0; round < 2; round += 1) {
      const startedAtMs = performance.now();
      await this.#write();
      await this.#see();
      this.#learn();
      this.#use(Math.min(this.#claim, this.#left()), startedAtMs);
      const target = this.#target();
      if (target === this.#claim) break;
      // Less is used before it is said, more only after it was said and all others were read.
      if (target < this.#granted) this.#use(target, startedAtMs);
      this.#claim = target;
    }
    await this.#tidy();
  }

  async #write(): Promise<void> {
    const { pausedMs } = this.#demand.latest;
    const beat: Beat = {
      worker: this.#worker,
      nth: (this.#nth += 1),
      claim: this.#claim,
      wants: this.#demand.wants,
      limit: this.#options.ratePerSecond ?? null,
      pace: this.limiter.known,
      pausedMs,
    };
    const name = this.#nameOf(beatName(beat));
    this.#written.push(name);
    await this.#options.folder.writeJson(name, { ...this.#owner, beat });
  }

  async #see(): Promise<void> {
    const from = this.#nameOf('');
    const names = await this.#options.folder.list(from);
    this.#peers.see(
      names.map((name) => name.slice(from.length)),
      performance.now(),
    );
  }

  #learn(): void {
    const others = this.#others();
    const { known } = this.limiter;
    const agreed = agreedPace(
      known,
      others.map(({ pace }) => pace),
    );
    const pausedMs = Math.max(0, ...others.map((other) => other.pausedMs));
    if (agreed !== known || pausedMs > 0) this.limiter.adopt(agreed, pausedMs);
  }

  #use(thousandths: number, answeredFromMs: number): void {
    const nowMs = performance.now();
    const others = this.#others();
    const before = shareAt(this.#steps, nowMs);
    const share = thousandths / (UNIT * Math.max(1, this.#most()));
    const isMore = share > before && others.length > 0;
    this.#granted = thousandths;
    this.#setSteps([
      { fromMs: nowMs, share: isMore ? before : share },
      ...(isMore ? [{ fromMs: nowMs + WINDOW_MS, share }] : []),
      { fromMs: answeredFromMs + LEASE_MS, share: share * CAREFUL },
      { fromMs: answeredFromMs + LEAST_AFTER_MS, share: share * LEAST },
    ]);
    this.#say(null);
  }

  #setSteps(steps: readonly ShareStep[]): void {
    this.#steps = steps;
    const busy = this.#others().filter(({ wants }) => wants === 1_000);
    const inUse = busy.reduce((sum, { claim }) => sum + claim, this.#granted);
    this.limiter.share({
      steps,
      used: Math.min(1, inUse / (UNIT * this.#units())),
      limit: this.#limit(),
    });
  }

  /** Returns what the claims of the others leave. */
  #left(): number {
    const taken = this.#others().reduce((sum, { claim }) => sum + claim, 0);
    return Math.max(0, UNIT * this.#units() - taken);
  }

  /** Returns the share that this worker should have by what it sees. */
  #target(): number {
    const own = { worker: this.#worker, wants: this.#demand.wants };
    return allot([own, ...this.#others()], this.#units()).get(this.#worker) ?? 0;
  }

  #others(): Beat[] {
    return this.#peers.live(performance.now());
  }

  /** Returns the strictest limit of all workers: while one is changed, both values are at work. */
  #limit(): number | null {
    const all = [this.#options.ratePerSecond ?? null, ...this.#others().map(({ limit }) => limit)];
    const limits = all.filter((limit) => limit !== null);
    return limits.length === 0 ? null : Math.min(...limits);
  }

  #most(): number {
    return paceBounds(this.#limit()).most;
  }

  #units(): number {
    return Math.max(1, Math.floor(this.#most()));
  }

  /** Removes earlier beats of this worker, and those that silent ones have left. */
  async #tidy(): Promise<void> {
    const { folder } = this.#options;
    while (this.#written.length > 1) {
      const [oldest = ''] = this.#written;
      await folder.remove(oldest);
      this.#written.shift();
    }
    for (const name of this.#peers.leftBehind(performance.now())) {
      await folder.remove(this.#nameOf(name));
    }
  }

  async #withdraw(): Promise<void> {
    this.#claim = 0;
    this.#granted = 0;
    for (const name of this.#written) await this.#options.folder.remove(name);
    this.#written.length = 0;
  }

  async #forget(worker: string): Promise<void> {
    this.#peers.markGone(worker);
    for (const name of this.#peers.namesOf(worker)) {
      await this.#options.folder.remove(this.#nameOf(name));
    }
  }

  /** Returns the text in a beat; `null` where its worker has just removed it. */
  async #contentOf(name: string): Promise<string | null> {
    try {
      return JSON.stringify(await this.#options.folder.readJson(this.#nameOf(name)));
    } catch (error) {
      if (error instanceof RowmillError) return null;
      throw error;
    }
  }

  #nameOf(name: string): string {
    return `${this.#options.token}/${name}`;
  }

  /** Returns false where the store failed or did not answer in time; the last share then runs out. */
  async #tried(work: () => Promise<void>): Promise<boolean> {
    const problem = await this.#calls.try(work);
    if (problem !== null) this.#say(problem);
    return problem === null;
  }

  #say(problem: RowmillError | null): void {
    this.#options.onLook?.({
      workers: 1 + this.#others().length,
      share: shareAt(this.#steps, performance.now()),
      perSecond: this.limiter.pace.perSecond,
      problem,
    });
  }

  /** Waits for the next beat, which comes sooner when something was learned. */
  #pause(ms: number): Promise<void> {
    if (this.#stopped) return Promise.resolve();
    return new Promise((resolve) => {
      let timer = setTimeout(resolve, ms).unref();
      this.#wake = () => {
        clearTimeout(timer);
        if (this.#stopped) {
          // No timer: a process that ends has nothing else to do, and would not wait for it.
          resolve();
          return;
        }
        const inMs = this.#beatAtMs + LEAST_BEAT_MS - performance.now();
        timer = setTimeout(resolve, Math.max(0, inMs)).unref();
      };
      if (this.#isUrgent) this.#wake();
    });
  }
}

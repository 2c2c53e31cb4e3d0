import { randomBytes } from 'node:crypto';
import type { LearnedFacts } from './facts.ts';
import type { CallContext } from './provider.ts';

/** `noted`: nothing is documented to hold it against. `open`: could not be found out. */
export type Verdict = 'holds' | 'differs' | 'noted' | 'open';

export interface Answer {
  verdict: Verdict;
  /** Without ids, rows, names or figures of the account: it may be sent with a bug report. */
  found: string;
  /** What the providers read from then on. */
  learned?: LearnedFacts;
}

/** One question to the live API that no documentation answers for certain. */
export interface Probe {
  /** Stable, in lower case with hyphens. */
  readonly name: string;
  readonly question: string;
  /** What is documented or assumed; `null` where nothing is. */
  readonly expected: string | null;
  /** What a difference means for a run. */
  readonly means: string;
  /** Most that asking may cost, by what is known then; `null`: free. */
  readonly most: (() => number) | null;
  ask(ctx: CallContext): Promise<Answer>;
}

/**
 * The questions of one provider, over one small table of its own. Probes are asked in their order:
 * the free ones first. A later one may need what an earlier one has made.
 */
export interface LiveCheck {
  readonly probes: readonly Probe[];
  readonly budget: { most: number; unit: string };
  /** What has been spent so far, never less than what is certain. */
  spent(ctx: CallContext): Promise<number>;
  /** Deletes what an earlier check left behind, and nothing else; how many tables. */
  clearLeftovers(ctx: CallContext): Promise<number>;
  /** Deletes what this check has made; the names of what may still be there. */
  clearOwn(ctx: CallContext): Promise<string[]>;
}

export interface LivePace {
  /** Between two looks. */
  pollMs: number;
  /** Without movement for so long, nothing more is expected to start. */
  settleMs: number;
  /** For one run of cells, or a list to show a table. */
  waitMs: number;
}

export const LIVE_PACE: LivePace = { pollMs: 2_000, settleMs: 20_000, waitMs: 600_000 };

/** The same with another time to settle. */
export const paceOf = (settleMs: number): LivePace => ({
  ...LIVE_PACE,
  settleMs,
  pollMs: Math.min(LIVE_PACE.pollMs, Math.max(10, settleMs / 10)),
});

/** Tables of a check carry it with a random end: `rowmill-doctor-6f0c…`. */
export const LIVE_TAG = 'rowmill-doctor';

export const newLiveTag = (): string => `${LIVE_TAG}-${randomBytes(8).toString('hex')}`;

const WHOLE_TAG = new RegExp(`^${LIVE_TAG}-[0-9a-f]{16}$`);

/** Whether a word is the whole tag of some check: nobody else writes one. */
export const isLiveTag = (word: unknown): boolean =>
  typeof word === 'string' && WHOLE_TAG.test(word);

export const holds = (found: string, learned?: LearnedFacts): Answer =>
  answer('holds', found, learned);
export const differs = (found: string, learned?: LearnedFacts): Answer =>
  answer('differs', found, learned);
export const noted = (found: string, learned?: LearnedFacts): Answer =>
  answer('noted', found, learned);
export const open = (found: string): Answer => answer('open', found);

const answer = (verdict: Verdict, found: string, learned?: LearnedFacts): Answer => ({
  verdict,
  found,
  ...(learned === undefined ? {} : { learned }),
});

/** What a probe needs was not made by an earlier one: the question stays open. */
export class NotReached extends Error {}

export function needed<T>(value: T | null | undefined, what: string): T {
  if (value === null || value === undefined) throw new NotReached(what);
  return value;
}

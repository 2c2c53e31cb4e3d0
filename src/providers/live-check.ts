import { randomBytes } from 'node:crypto';
import type { LearnedFacts } from './facts.ts';
import type { CallContext } from './provider.ts';

/** `noted`: no documentation to compare with. `open`: could not be determined. */
export type Verdict = 'holds' | 'differs' | 'noted' | 'open';

export interface Answer {
  verdict: Verdict;
  /**
   * Finding without ids, rows, names or figures of the account, so that a bug report may include
   * it.
   */
  found: string;
  /** Facts that the providers use from then on. */
  learned?: LearnedFacts;
}

/** Question to the live API that no documentation answers for certain. */
export interface Probe {
  /** Stable name, in lower case with hyphens. */
  readonly name: string;
  readonly question: string;
  /** Documented or assumed answer; `null` without one. */
  readonly expected: string | null;
  /** Consequence of a difference for a run. */
  readonly means: string;
  /** Maximum credits of asking, by current knowledge; `null`: free. */
  readonly max: (() => number) | null;
  ask(ctx: CallContext): Promise<Answer>;
}

/**
 * Questions of one provider, over one small table of its own. Probes run in order, the free ones
 * first. A later one may use the result of an earlier one.
 */
export interface LiveCheck {
  readonly probes: readonly Probe[];
  readonly budget: { max: number; unit: string };
  /** Returns the credits spent so far, at least those that are certain. */
  spent(ctx: CallContext): Promise<number>;
  /** Deletes only what an earlier check left behind; returns the number of tables. */
  clearLeftovers(ctx: CallContext): Promise<number>;
  /** Deletes the tables of this check; returns the names of those that may remain. */
  clearOwn(ctx: CallContext): Promise<string[]>;
}

export interface LivePace {
  /** Time between two polls, in ms. */
  pollMs: number;
  /** Time without movement after which nothing more is expected to start, in ms. */
  settleMs: number;
  /** Maximum wait for one run of cells, or for a list to show a table, in ms. */
  waitMs: number;
}

export const LIVE_PACE: LivePace = { pollMs: 2_000, settleMs: 20_000, waitMs: 600_000 };

/** Returns the default pace with another settling time. */
export const paceOf = (settleMs: number): LivePace => ({
  ...LIVE_PACE,
  settleMs,
  pollMs: Math.min(LIVE_PACE.pollMs, Math.max(10, settleMs / 10)),
});

/** Prefix of the tags of a check's tables: `rowmill-doctor-6f0c…`. */
export const LIVE_TAG = 'rowmill-doctor';

export const newLiveTag = (): string => `${LIVE_TAG}-${randomBytes(8).toString('hex')}`;

const WHOLE_TAG = new RegExp(`^${LIVE_TAG}-[0-9a-f]{16}$`);

/** Checks whether a word is the whole tag of a check; nothing else writes such a tag. */
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

/** Error of a probe whose precondition an earlier one did not create: the question stays open. */
export class NotReached extends Error {}

export function needed<T>(value: T | null | undefined, what: string): T {
  if (value === null || value === undefined) throw new NotReached(what);
  return value;
}

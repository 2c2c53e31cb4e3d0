import { createHash } from 'node:crypto';
import { RowmillError } from '../../src/errors.ts';
import {
  type BareTable,
  type CallContext,
  type FoundTable,
  type Provider,
  UnusableTable,
} from '../../src/providers/provider.ts';
import type { RunKey } from '../../src/store/store.ts';
import { pauseAfter, retryRead, retrySend, withRetries } from '../runtime/retry-read.ts';
import type { ActivityAttempt } from '../runtime/activity.ts';

/** Number of look-ups after a create with a lost reply, because the list may lag. */
const LOOK_UPS = 4;
const LOOK_UP_EVERY_MS = 2_000;

/** Creates in one attempt whose replies are lost, and whose table does not show. */
const MAX_CREATES = 4;

/** A table that was found, or has just been made. */
export type Candidate = BareTable & {
  /** Another one of the same tag may be there, or come. */
  mayHaveDuplicates: boolean;
};

export interface Search {
  provider: Provider;
  tag: string;
  attempt: Pick<ActivityAttempt<unknown>, 'ctx' | 'sleep' | 'waitForLateCommit' | 'send'>;
  /** A create of an earlier attempt may have gone out. */
  mayHaveCreated: boolean;
  /** The table that an earlier attempt has gone on with. */
  known: string | null;
  create: (ctx: CallContext) => Promise<BareTable>;
  /** Called for each create with a lost reply. */
  onLost: () => void;
}

/**
 * The table of the tag, made where there is none. A create whose reply was lost is looked up, and sent
 * again only while its table does not show.
 */
export async function findOrCreate(search: Search): Promise<Candidate> {
  const { provider, tag, attempt, mayHaveCreated, known } = search;
  if (known !== null && (await ownTable(search, known)) !== null) {
    return { id: known, mayHaveDuplicates: mayHaveCreated };
  }
  const listed = await provider.findTables(tag, withRetries(attempt));
  const [there] = await ours(search, listed);
  if (there !== undefined)
    return { id: there.id, mayHaveDuplicates: mayHaveCreated || listed.length > 1 };
  const late = mayHaveCreated ? await lookUp(search) : null;
  if (late !== null) return { id: late.id, mayHaveDuplicates: true };
  return createOne(search);
}

async function createOne(search: Search): Promise<Candidate> {
  const { attempt, mayHaveCreated } = search;
  let inAnotherWay = false;
  for (let lost = 0; ;) {
    try {
      const { id, sheetId } = await retrySend(attempt, () =>
        attempt.send(() => search.create(attempt.ctx)),
      );
      const sheet = sheetId === undefined ? {} : { sheetId };
      return { id, untouched: true, ...sheet, mayHaveDuplicates: mayHaveCreated || lost > 0 };
    } catch (error) {
      if (error instanceof UnusableTable && !inAnotherWay) {
        inAnotherWay = true;
        continue;
      }
      if (!(error instanceof RowmillError && error.ambiguous)) throw error;
      search.onLost();
      lost += 1;
      const table = await lookUp(search);
      if (table !== null) return { id: table.id, mayHaveDuplicates: true };
      if (lost === MAX_CREATES) throw error;
      await attempt.sleep(pauseAfter(error, 1));
    }
  }
}

/** Looks until the table shows, or has had its time to. */
async function lookUp(search: Search): Promise<FoundTable | null> {
  const { provider, tag, attempt } = search;
  for (let tries = 0; tries < LOOK_UPS; tries += 1) {
    await attempt.waitForLateCommit(LOOK_UP_EVERY_MS);
    const [found] = await ours(search, await provider.findTables(tag, withRetries(attempt)));
    if (found !== undefined) return found;
  }
  return null;
}

const ownTable = ({ provider, tag, attempt }: Search, id: string): Promise<FoundTable | null> =>
  retryRead(attempt, () => provider.readTable(id, tag, attempt.ctx));

/**
 * Returns the tables of a list that are this run's when each is read by itself: a list may be outdated,
 * or not filtered. Puts a table in use before empty ones: an earlier attempt has continued with it.
 */
async function ours(search: Search, listed: readonly FoundTable[]): Promise<FoundTable[]> {
  const tables: FoundTable[] = [];
  for (const { id } of listed) {
    const table = await ownTable(search, id);
    if (table !== null) tables.push(table);
  }
  return [...tables.filter(({ rows }) => rows !== 0), ...tables.filter(({ rows }) => rows === 0)];
}

/**
 * Keeps one of the tables of a tag and deletes the others if they are empty. Each is read again
 * before, so that no table of another owner is deleted.
 * @param kept `null`: the first that is in use, else the oldest
 */
export async function keepOne(
  { provider, tag, attempt }: Pick<Search, 'provider' | 'tag' | 'attempt'>,
  kept: string | null,
): Promise<void> {
  const listed = await provider.findTables(tag, withRetries(attempt));
  if (listed.length === 0 || (kept === null && listed.length === 1)) return;
  const survivor = kept ?? (listed.find(({ rows }) => rows !== 0) ?? listed[0])?.id;
  for (const { id } of listed) {
    if (id === survivor) continue;
    const table = await retryRead(attempt, () => provider.readTable(id, tag, attempt.ctx));
    if (table?.rows !== 0) continue;
    // Safe to repeat: a table that is gone counts as deleted.
    await retryRead(attempt, () => provider.deleteTable(id, attempt.ctx));
  }
}

/**
 * Deletes a table of the run before another one is made in its place.
 * @throws `reason` when it is not the run's, or not known to be empty
 */
export async function deleteEmpty(
  { provider, tag, attempt }: Pick<Search, 'provider' | 'tag' | 'attempt'>,
  id: string,
  reason: RowmillError,
): Promise<void> {
  const table = await retryRead(attempt, () => provider.readTable(id, tag, attempt.ctx));
  if (table === null) return;
  if (table.rows !== 0) throw reason;
  // Safe to repeat: a table that is gone counts as deleted.
  await retryRead(attempt, () => provider.deleteTable(id, attempt.ctx));
}

/**
 * Returns the tag of a run, equal for its retries, resets and continuations, and different for the
 * next run.
 */
export function tableTag(run: RunKey): string {
  const digest = createHash('sha256').update(`${run.workflowId}\n${run.firstRunId}`).digest('hex');
  return `rowmill-${digest.slice(0, 24)}`;
}

import { RowmillError } from '../errors.ts';
import { goneIsDeleted, nullIfGone } from './json-api.ts';
import { differs, holds, needed, type LivePace, type Probe } from './live-check.ts';
import { isRefusal, within, type LiveReply } from './live-http.ts';
import { briefly } from './live-run.ts';
import type { CallContext } from './provider.ts';

/** Operations on the tables of a live check, with a record of those made. */
export interface LiveTables {
  readonly pace: LivePace;
  /** Ids of the created tables. */
  readonly made: Set<string>;
  /** True after a create request whose reply was lost. */
  mayHaveMore: boolean;
  get(ctx: CallContext, path: string): Promise<LiveReply>;
  delete(ctx: CallContext, path: string): Promise<LiveReply>;
}

/** Maximum wait for a list to show a table whose create reply was lost. */
const MAX_LIST_LAG_MS = 20_000;

/**
 * Deletes the tables of a check, also one whose create reply was lost.
 * @returns the ids that could not be deleted
 */
export async function deleteMade(
  tables: LiveTables,
  ctx: CallContext,
  pathOf: (id: string) => string,
  listOwn: () => Promise<string[]>,
): Promise<string[]> {
  if (tables.mayHaveMore) await findLost(tables, ctx, listOwn);
  const left: string[] = [];
  for (const id of tables.made) {
    await deleteTable(tables, ctx, pathOf(id)).catch(() => left.push(id));
  }
  return left;
}

async function findLost(
  { made, pace }: LiveTables,
  ctx: CallContext,
  listOwn: () => Promise<string[]>,
): Promise<void> {
  const listPace = { ...pace, waitMs: Math.min(pace.settleMs, MAX_LIST_LAG_MS) };
  await within(ctx, listPace, async () => {
    const unknown = (await listOwn()).filter((id) => id !== '' && !made.has(id));
    for (const id of unknown) made.add(id);
    return unknown.length > 0 ? true : null;
  });
}

/** Deletes a table and ignores the reply, which is a question of its own. */
export async function deleteTable(
  tables: LiveTables,
  ctx: CallContext,
  path: string,
): Promise<void> {
  try {
    await goneIsDeleted(tables.delete(ctx, path));
  } catch (error) {
    if (!(error instanceof RowmillError) || error.code !== 'reply_unreadable') throw error;
  }
}

/** Asks how a delete is answered, with the first table that was made. */
export const deleteReplyProbe = (
  tables: LiveTables,
  pathOf: (id: string) => string,
): Omit<Probe, 'max'> => ({
  name: 'delete-reply',
  question: 'What is a delete answered with?',
  expected: 'a JSON body, and the table is gone',
  means:
    'The reply is read as done all the same. A table that stays would be in the way of the next search for it.',
  async ask(ctx) {
    const id = needed([...tables.made][0], 'no table was made');
    let found: string;
    try {
      const { json } = await tables.delete(ctx, pathOf(id));
      found = json === null ? 'an empty body' : 'a JSON body';
    } catch (error) {
      if (!isRefusal(error)) throw error;
      found = `a reply that is not JSON: ${briefly(error)}`;
    }
    const gone = (await nullIfGone(tables.get(ctx, pathOf(id)))) === null;
    if (!gone) return differs(`${found}, and the table can still be read`);
    tables.made.delete(id);
    return found === 'a JSON body' ? holds(`${found}, and the table is gone`) : differs(found);
  },
});

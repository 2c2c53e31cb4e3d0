import { RowmillError } from '../../../errors.ts';
import { createHttpClient } from '../../../http/client.ts';
import { objectOf, textOf } from '../../fields.ts';
import { goneIsDeleted, nullIfGone } from '../../gone.ts';
import type { ConnectionOptions } from '../../connection.ts';
import {
  isLiveTag,
  LIVE_PACE,
  LIVE_TAG,
  newLiveTag,
  type LiveCheck,
  type LivePace,
} from '../../live-check.ts';
import { liveCalls, within } from '../../live-http.ts';
import type { CallContext } from '../../provider.ts';
import { Bench, pathOf } from './bench.ts';
import { freeProbes } from './free.ts';
import { paidProbes } from './paid.ts';

/** Code that calls nobody, on the blank row and on two of ours: each of them once at most. */
const MOST_CELLS = 3;

/** One table with a sheet of two rows. */
export function createPromptLayerLiveCheck(
  { token, ...options }: ConnectionOptions,
  pace: LivePace = LIVE_PACE,
): LiveCheck {
  const http = createHttpClient({ ...options, headers: () => ({ 'x-api-key': token }) });
  const bench = new Bench(liveCalls(http, pace.pollMs), pace, newLiveTag());
  return {
    probes: [...freeProbes(bench), ...paidProbes(bench)],
    budget: { most: MOST_CELLS, unit: 'cell executions' },

    spent: () => Promise.resolve(bench.ran.size),

    async clearLeftovers(ctx) {
      let deleted = 0;
      for (const table of await bench.list(ctx, LIVE_TAG)) {
        if (await deleteOurs(bench, ctx, textOf(table['id']))) deleted += 1;
      }
      return deleted;
    },

    async clearOwn(ctx) {
      if (bench.mayHaveMore) await findLost(bench, ctx);
      const left: string[] = [];
      for (const id of bench.made) {
        try {
          await deleteTable(bench, ctx, id);
        } catch {
          left.push(`the table "${bench.title}"`);
        }
      }
      return [...new Set(left)];
    },
  };
}

/** A create whose reply was lost, maybe before a list shows it. */
async function findLost(bench: Bench, ctx: CallContext): Promise<void> {
  const pace = { ...bench.pace, waitMs: Math.min(bench.pace.settleMs, 20_000) };
  await within(ctx, pace, async () => {
    const found = await bench.list(ctx, bench.tag);
    const fresh = found.filter(({ title }) => title === bench.title).map(({ id }) => textOf(id));
    const unknown = fresh.filter((id) => id !== '' && !bench.made.has(id));
    for (const id of unknown) bench.made.add(id);
    return unknown.length > 0 ? true : null;
  });
}

/** Read again before it is deleted: what a list shows may be of another table by now. */
async function deleteOurs(bench: Bench, ctx: CallContext, id: string): Promise<boolean> {
  if (id === '') return false;
  const reply = await nullIfGone(bench.get(ctx, pathOf(id)));
  const { table } = objectOf(reply?.json ?? null);
  const [own, ...more] = textOf(objectOf(table)['title']).split(' ').reverse();
  if (!isLiveTag(own) || more.reverse().join(' ') !== 'rowmill doctor') return false;
  await deleteTable(bench, ctx, id);
  return true;
}

/** What a delete is answered with is a question of its own. */
async function deleteTable(bench: Bench, ctx: CallContext, id: string): Promise<void> {
  try {
    await goneIsDeleted(bench.delete(ctx, pathOf(id)));
  } catch (error) {
    if (!(error instanceof RowmillError) || error.code !== 'reply_unreadable') throw error;
  }
}

import { objectOf, textOf } from '../../fields.ts';
import { nullIfGone, type ConnectionOptions } from '../../json-api.ts';
import { isLiveTag, LIVE_PACE, LIVE_TAG, type LiveCheck, type LivePace } from '../../live-check.ts';
import { connectLive, TITLE } from '../../live-bench.ts';
import { deleteMade, deleteTable } from '../../live-tables.ts';
import type { CallContext } from '../../provider.ts';
import { Bench, pathOf } from './bench.ts';
import { freeProbes } from './free.ts';
import { paidProbes } from './paid.ts';

/** Free code cells, on the blank row and two others, each run at most once. */
const MAX_CELLS = 3;

/** Creates the check, which uses one table with a sheet of two rows. */
export function createPromptLayerLiveCheck(
  { token, ...options }: ConnectionOptions,
  pace: LivePace = LIVE_PACE,
): LiveCheck {
  const bench = new Bench(connectLive(options, { 'x-api-key': token }, pace));
  return {
    probes: [...freeProbes(bench), ...paidProbes(bench)],
    budget: { max: MAX_CELLS, unit: 'cell executions' },

    spent: () => Promise.resolve(bench.ran.size),

    async clearLeftovers(ctx) {
      let deleted = 0;
      for (const table of await bench.list(ctx, LIVE_TAG)) {
        if (await deleteOurs(bench, ctx, textOf(table['id']))) deleted += 1;
      }
      return deleted;
    },

    async clearOwn(ctx) {
      const left = await deleteMade(bench, ctx, pathOf, () => listOwn(bench, ctx));
      return left.length === 0 ? [] : [`the table "${bench.title}"`];
    },
  };
}

async function listOwn(bench: Bench, ctx: CallContext): Promise<string[]> {
  const found = await bench.list(ctx, bench.tag);
  return found.filter(({ title }) => title === bench.title).map(({ id }) => textOf(id));
}

/** Reads the table again before it is deleted: a list may be outdated. */
async function deleteOurs(bench: Bench, ctx: CallContext, id: string): Promise<boolean> {
  if (id === '') return false;
  const reply = await nullIfGone(bench.get(ctx, pathOf(id)));
  const { table } = objectOf(reply?.json ?? null);
  const [own, ...more] = textOf(objectOf(table)['title']).split(' ').reverse();
  if (!isLiveTag(own) || more.reverse().join(' ') !== TITLE) return false;
  await deleteTable(bench, ctx, pathOf(id));
  return true;
}

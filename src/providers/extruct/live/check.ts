import type { Json } from '../../../contract/json.ts';
import { objectOf, textOf } from '../../fields.ts';
import { nullIfGone, type ConnectionOptions } from '../../json-api.ts';
import { connectLive, TITLE } from '../../live-bench.ts';
import { isLiveTag, LIVE_PACE, LIVE_TAG, type LiveCheck, type LivePace } from '../../live-check.ts';
import { deleteMade, deleteTable } from '../../live-tables.ts';
import type { CallContext } from '../../provider.ts';
import { Bench, tagsOf } from './bench.ts';
import { freeProbes, listIn, listQuery, pathOf } from './free.ts';
import { paidProbes } from './paid.ts';

/** Maximum credits, at the public price of 1 a cell. */
const MAX_CREDITS = 8;

/** Creates the check, which uses one company table of two rows and an empty people table. */
export function createExtructLiveCheck(
  { token, ...options }: ConnectionOptions,
  pace: LivePace = LIVE_PACE,
): LiveCheck {
  const bench = new Bench(connectLive(options, { authorization: `Bearer ${token}` }, pace));
  return {
    probes: [...freeProbes(bench), ...paidProbes(bench)],
    budget: { max: MAX_CREDITS, unit: 'credits' },

    async spent(ctx) {
      const { startBalance } = bench;
      if (startBalance === null) return 0;
      const balance = await bench.readBalance(ctx);
      const lost = balance === null ? 0 : startBalance - balance;
      // The balance may lag behind the cells.
      const certain = bench.agentCells * Math.min(1, bench.prices.agent ?? 1);
      return Math.max(0, lost, certain);
    },

    async clearLeftovers(ctx) {
      const found = listIn((await bench.get(ctx, '/v1/tables', listQuery(LIVE_TAG))).json);
      let deleted = 0;
      for (const table of found) if (await deleteOurs(bench, ctx, idOf(table))) deleted += 1;
      return deleted;
    },

    async clearOwn(ctx) {
      const left = await deleteMade(bench, ctx, pathOf, () => listOwn(bench, ctx));
      return left.length === 0 ? [] : [`the table tagged ${bench.tag}`];
    },
  };
}

async function listOwn(bench: Bench, ctx: CallContext): Promise<string[]> {
  const found = listIn((await bench.get(ctx, '/v1/tables', listQuery(bench.tag))).json);
  return found.filter((table) => tagsOf(table).includes(bench.tag)).map(idOf);
}

const idOf = (table: Json): string => textOf(objectOf(table)['id']);

/** Reads the table again before it is deleted: a list may be outdated. */
async function deleteOurs(bench: Bench, ctx: CallContext, id: string): Promise<boolean> {
  if (id === '') return false;
  const table = (await nullIfGone(bench.get(ctx, pathOf(id))))?.json ?? null;
  const { name } = objectOf(table);
  const tags = tagsOf(table);
  const own = tags.find(isLiveTag);
  const isOurs = tags.includes(LIVE_TAG) && name === `${TITLE} ${textOf(own)}`;
  if (!isOurs) return false;
  await deleteTable(bench, ctx, pathOf(id));
  return true;
}

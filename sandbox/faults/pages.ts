import { share } from '../hash.ts';
import type { Outgoing } from '../intercept.ts';
import { tableData } from '../render.ts';
import type { World } from '../world.ts';
import type { RequestRule } from './script.ts';

type PagesRule = Extract<RequestRule, { fault: 'pages' }>;

export interface PageAsked {
  tableId: string;
  /** As it came, with the query. */
  url: string;
  /** Makes each page miss other rows. */
  serial: number;
}

/**
 * A page of rows as it comes when a table is edited while somebody reads it: `shift` shows the
 * rows from further on (or back), `repeat` shows the first ones again at its end, `miss` leaves
 * some out.
 */
export function withOtherRows(
  world: World,
  reply: Outgoing,
  asked: PageAsked,
  { how, rows: count }: PagesRule,
  seed: number,
): Outgoing {
  const table = world.tables.get(asked.tableId);
  const url = new URL(asked.url, 'http://sandbox');
  if (reply.status !== 200 || table === undefined || !url.pathname.endsWith('/data')) return reply;
  const offset = Number(url.searchParams.get('offset') ?? 0);
  const limit = Number(url.searchParams.get('limit') ?? 50);
  const from = how === 'shift' ? Math.max(0, offset + count) : offset;
  const page = tableData(world, table, from, limit);
  if (how === 'repeat') page.rows.push(...page.rows.slice(0, count));
  if (how === 'miss') {
    const first = Math.floor(share(seed, 'miss', asked.serial) * page.rows.length);
    page.rows.splice(first, count);
  }
  return { ...reply, body: JSON.stringify(page) };
}

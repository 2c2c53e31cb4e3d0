import { share } from '../oracle/seeded.ts';
import type { Outgoing } from '../http/intercept.ts';
import type { Json } from '../json.ts';
import { changed, isObject } from './bodies.ts';
import type { MatchedPage } from './adapter.ts';
import type { RequestRule } from './script.ts';

type PagesRule = Extract<RequestRule, { fault: 'pages' }>;

/**
 * A page of rows as it comes when a table is edited while somebody reads it: `shift` shows the
 * rows from further on (or back), `repeat` shows the first ones again at its end, `miss` leaves
 * some out. `serial` makes each page miss other rows.
 */
export function withOtherRows(
  reply: Outgoing,
  { field, from, limit, rowsFrom }: MatchedPage,
  { how, rows: count }: PagesRule,
  seed: number,
  serial: number,
): Outgoing {
  const rows = rowsFrom(how === 'shift' ? Math.max(0, from + count) : from, limit);
  if (how === 'repeat') rows.push(...rows.slice(0, count));
  if (how === 'miss') rows.splice(Math.floor(share(seed, 'miss', serial) * rows.length), count);
  // As they would be written.
  const written = JSON.parse(JSON.stringify(rows)) as Json;
  return changed(reply, (value) => (isObject(value) ? { ...value, [field]: written } : value));
}

import { share } from '../oracle/seeded.ts';
import type { Outgoing } from '../http/intercept.ts';
import type { Json } from '../json.ts';
import { changed, isObject } from './bodies.ts';
import type { MatchedPage } from './adapter.ts';
import type { RequestRule } from './script.ts';

type PagesRule = Extract<RequestRule, { fault: 'pages' }>;

/**
 * Changes a page like an edit of the table during a scan. `shift` shows rows from further on (or
 * back), `repeat` the first ones again at its end, `miss` leaves some out. `serial` varies the
 * missing rows by page.
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
  // Safe cast: in the form they would be written in.
  const written = JSON.parse(JSON.stringify(rows)) as Json;
  return changed(reply, (value) => (isObject(value) ? { ...value, [field]: written } : value));
}

import type { Outgoing } from '../http/intercept.ts';
import { Problem } from '../http/problem.ts';
import { changed, isObject } from './bodies.ts';
import type { MatchedPage, FaultAdapter } from './adapter.ts';
import { errorReply, problemReply } from './replies.ts';
import type { RequestRule } from './script.ts';

type Rule<K extends RequestRule['fault']> = Extract<RequestRule, { fault: K }>;
type Refusal = FaultAdapter['refusal'];

/** A page may have fewer rows than the documentation says, or than it does not say. */
export function withLimit(
  reply: Outgoing,
  { limit }: MatchedPage,
  { rows, status }: Rule<'page-limit'>,
  refusal: Refusal,
): Outgoing {
  if (limit <= rows) return reply;
  return problemReply(refusal, new Problem(status, `limit must be at most ${rows}`));
}

/** A number that JSON has no word for. */
const NOT_A_NUMBER = '\u{E001}';

/** Marks rows that break every page with them: the server fails, or writes invalid JSON. */
export function withUnreadableRows(
  reply: Outgoing,
  { field, places }: MatchedPage,
  { rows, how, status }: Rule<'unreadable-rows'>,
  refusal: Refusal,
): Outgoing {
  const broken = places.map((place) => rows.includes(place));
  if (!broken.includes(true)) return reply;
  if (how === 'error') {
    return errorReply({ status, body: 'json' }, refusal);
  }
  const marked = changed(reply, (value) => {
    if (!isObject(value)) return value;
    const page = value[field];
    if (!Array.isArray(page)) return value;
    const rowsOfPage = page.map((row, at) => {
      if (broken[at] !== true || !isObject(row)) return row;
      return how === 'shape' ? Object.keys(row) : { ...row, score: NOT_A_NUMBER };
    });
    return { ...value, [field]: rowsOfPage };
  });
  return { ...marked, body: marked.body.replaceAll(`"${NOT_A_NUMBER}"`, 'NaN') };
}

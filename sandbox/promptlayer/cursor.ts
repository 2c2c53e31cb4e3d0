import { hash32 } from '../hash.ts';
import { refused } from './find.ts';
import type { PromptLayerState } from './state.ts';

/** Everything that decides which items come, and in which order. */
export type Filters = Record<string, string | number | boolean | null>;

const hashOf = (filters: Filters): number => hash32(JSON.stringify(filters));

/** Opaque; good for the same filters only. */
export const cursorAt = (after: number, filters: Filters): string =>
  Buffer.from(JSON.stringify({ after, hash: hashOf(filters) })).toString('base64url');

/** Where to go on. @throws Problem 400 when the cursor is of other filters, or none */
export function placeOf(cursor: string | undefined, filters: Filters): number {
  if (cursor === undefined) return 0;
  const parsed = parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  if (parsed?.hash !== hashOf(filters)) throw refused('Invalid cursor');
  return parsed.after;
}

function parse(text: string): { after: number; hash: number } | null {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null) return null;
    if (!('after' in value) || !('hash' in value)) return null;
    const { after, hash } = value;
    return typeof after === 'number' && typeof hash === 'number' ? { after, hash } : null;
  } catch {
    return null;
  }
}

/** The place of the cursor is one of two: the reference shows both. */
export function paged(
  { options: { cursorIn } }: PromptLayerState,
  next: string | null,
  limit: number,
): object {
  const fields = { next_cursor: next, has_more: next !== null };
  return cursorIn === 'top' ? fields : { pagination: { ...fields, prev_cursor: null, limit } };
}

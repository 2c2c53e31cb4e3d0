import { z } from 'zod';
import type { Json } from '../../contract/json.ts';
import { CANARY_PICKS, type Canary } from '../../contract/pipeline.ts';
import type { IssueDraft } from '../document/issue-draft.ts';
import { foundText, valueAt } from '../document/translate.ts';
import { mappingOf } from './named.ts';

/** Maximum rows of a canary. */
export const MAX_CANARY = 10_000;
const count = z.int().min(1).max(MAX_CANARY);
const keys = z.array(z.string().min(1)).min(1).max(MAX_CANARY);
const PICK = 'spread, first, or a list of keys';

/** Schema of `canary` in the pipeline file. */
export const canaryFile = z
  .strictObject({
    rows: count.optional().describe('Number of rows that go first.'),
    pick: z
      .union([z.enum(CANARY_PICKS), keys], PICK)
      .optional()
      .describe('spread over the list (the default), the first ones, or the rows of these keys.'),
  })
  .describe('Rows that go through all columns first, and are judged before the rest follows.');

/** Schema of the same in the workflow's argument. */
export const canaryInput = z.strictObject({
  rows: count,
  pick: z.union([z.enum(CANARY_PICKS), keys]),
});

export const canaryOf = ({ rows, pick = 'spread' }: z.output<typeof canaryFile>): Canary => ({
  rows: typeof pick === 'string' ? (rows ?? 1) : new Set(pick).size,
  pick: typeof pick === 'string' ? pick : [...new Set(pick)],
});

/** Finds a canary without a number of rows, or with another one than its keys. */
export function checkCanary(value: Json): IssueDraft[] {
  const canary = valueAt(value, ['canary']);
  if (canary === undefined) return [];
  const { rows, pick } = mappingOf(canary);
  const path = ['canary', 'rows'];
  if (!Array.isArray(pick)) {
    const allowed = 'the number of rows that go first';
    return rows === undefined ? [{ path, found: 'missing', allowed }] : checkInline(value, rows);
  }
  const distinct = new Set(pick).size;
  if (rows === undefined || rows === distinct) return [];
  return [{ path, found: foundText(rows), allowed: `left out, or ${distinct}: one for each key` }];
}

/** The number of inline rows is known already. */
function checkInline(value: Json, count: Json): IssueDraft[] {
  const { from, inline } = mappingOf(valueAt(value, ['rows']));
  const list = Array.isArray(inline) ? inline : from;
  if (!Array.isArray(list) || typeof count !== 'number' || count <= list.length) return [];
  const allowed = `at most ${list.length}, as many as the list has`;
  return [{ path: ['canary', 'rows'], found: foundText(count), allowed }];
}

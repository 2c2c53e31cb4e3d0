import type { Outgoing } from '../http/intercept.ts';
import type { Json, JsonObject } from '../json.ts';
import { changed, isObject } from './bodies.ts';
import type { RequestRule } from './script.ts';

type Rule = Extract<RequestRule, { fault: 'tables' }>;

/** Fields that a list may leave out, unlike a table read by itself. */
const UNKNOWN_DETAILS: JsonObject = { tags: null, num_rows: null, sheet_count: null };

/**
 * A list of tables as it may come: of a while ago, in another order, without what each table says of itself.
 * @param ageMs How long ago a time was, in real milliseconds
 */
export const withOtherTables = (
  reply: Outgoing,
  { how, ms }: Rule,
  ageMs: (time: string) => number,
): Outgoing =>
  changed(reply, (value) => {
    const listed = (tables: Json[]): Json[] => {
      switch (how) {
        case 'late':
          return tables.filter((table) => ageMs(madeAt(table)) >= ms);
        case 'reversed':
          // Equal times do not show which came first.
          return tables.toReversed().map((table) => ({ ...objectIn(table), ...momentOf(tables) }));
        case 'incomplete':
          return tables.map((table) => ({ ...objectIn(table), ...withoutDetails(table) }));
      }
    };
    if (Array.isArray(value)) return listed(value);
    if (!isObject(value) || !Array.isArray(value['data'])) return value;
    return { ...value, data: listed(value['data']) };
  });

const objectIn = (value: Json | undefined): JsonObject =>
  value !== undefined && isObject(value) ? value : {};

function madeAt(table: Json | undefined): string {
  const { created_at: at } = objectIn(table);
  return typeof at === 'string' ? at : '';
}

const momentOf = ([first]: Json[]): JsonObject => ({ created_at: madeAt(first) });

const withoutDetails = (table: Json): JsonObject =>
  Object.fromEntries(Object.entries(UNKNOWN_DETAILS).filter(([field]) => field in objectIn(table)));

import fc from 'fast-check';
import type { Json } from '../../src/contract/json.ts';

/** One change of a reply: at the `at`-th value of it, counted from the outside in. */
export interface Mutation {
  at: number;
  change: Change;
}

type Change = { do: 'drop' | 'repeat' | 'rename' | 'wrap' | 'deepen' } | { do: 'put'; value: Json };

/** Stands for arrays in arrays, far deeper than any stack: no JSON writer could write them. */
const DEEP = '@deep@';
const LEVELS = 20_000;

const put = (value: Json): Change => ({ do: 'put', value });

const change: fc.Arbitrary<Change> = fc.oneof(
  fc.constantFrom<Change>(
    { do: 'drop' },
    { do: 'repeat' },
    { do: 'rename' },
    { do: 'wrap' },
    { do: 'deepen' },
  ),
  fc
    .constantFrom<Json>(null, true, -1, 0, 0.5, 1e308, -1e308, '', '7', 'NaN', 'DONE', [], {})
    .map(put),
  fc.constantFrom<Json>([null], [[]], { rows: {} }, { status: 'done' }, { answer: {} }).map(put),
  fc.string({ unit: 'binary', maxLength: 20 }).map(put),
  fc
    .constantFrom('constructor', '..', 'a/../b', '{id}', '$&', '\ud800', '\u0000', '\u001b[2J')
    .map(put),
  fc.constant(put('x'.repeat(100_000))),
);

export const mutations: fc.Arbitrary<Mutation[]> = fc.array(
  fc.record({ at: fc.nat({ max: 400 }), change }),
  { minLength: 1, maxLength: 4 },
);

/** The text of a reply after the changes. */
export function mutated(reply: Json, plan: readonly Mutation[]): string {
  // A holder, so that the reply itself can be changed like everything in it.
  const holder: Json[] = [structuredClone(reply)];
  for (const { at, change } of plan) {
    const places = [...placesIn(holder)];
    const place = places[at % places.length];
    if (place !== undefined) apply(place, change);
  }
  const deep = '['.repeat(LEVELS) + ']'.repeat(LEVELS);
  return JSON.stringify(holder[0] ?? null).replaceAll(`"${DEEP}"`, deep);
}

type Holder = Json[] | Record<string, Json>;
type Place = [Holder, string | number];

function* placesIn(holder: Holder): Generator<Place> {
  const keys = Array.isArray(holder) ? holder.keys() : Object.keys(holder);
  for (const key of keys) {
    yield [holder, key];
    const value = valueAt([holder, key]);
    if (typeof value === 'object' && value !== null) yield* placesIn(value);
  }
}

const valueAt = ([holder, key]: Place): Json =>
  (Array.isArray(holder) ? holder[Number(key)] : holder[key]) ?? null;

/** An own property whatever its name, as a JSON parser makes it. */
function set([holder, key]: Place, value: Json): void {
  if (Array.isArray(holder)) holder[Number(key)] = value;
  else {
    const own = { value, enumerable: true, configurable: true, writable: true };
    Object.defineProperty(holder, key, own);
  }
}

function remove([holder, key]: Place): void {
  if (Array.isArray(holder)) holder.splice(Number(key), 1);
  else Reflect.deleteProperty(holder, key);
}

function apply(place: Place, change: Change): void {
  const [holder, key] = place;
  const value = valueAt(place);
  switch (change.do) {
    case 'put':
      set(place, structuredClone(change.value));
      break;
    case 'drop':
      remove(place);
      break;
    case 'wrap':
      set(place, { data: value });
      break;
    case 'deepen':
      set(place, DEEP);
      break;
    case 'repeat':
      if (Array.isArray(holder)) holder.splice(Number(key), 0, structuredClone(value));
      else set([holder, `${key}_again`], structuredClone(value));
      break;
    case 'rename':
      remove(place);
      if (!Array.isArray(holder)) set([holder, '__proto__'], value);
  }
}

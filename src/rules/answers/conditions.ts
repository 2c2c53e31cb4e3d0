import type { Json } from '../../contract/json.ts';
import type { Condition, Pipeline, RowsSpec, When } from '../../contract/pipeline.ts';
import { plainNumber } from './plain-number.ts';

/** Matches a pattern anywhere in a text, in linear time. */
export type PatternMatcher = (pattern: string, text: string) => boolean;

/** Conditions of a pipeline, and how its rows are mapped. */
export interface ConditionsInput extends Pick<RowsSpec, 'key' | 'map'> {
  when: When;
}

/** Returns the conditions for the table scans of a pipeline; nothing without any. */
export const conditionsOf = ({
  when,
  rows: { key, map },
}: Pick<Pipeline, 'when' | 'rows'>): { conditions?: ConditionsInput } =>
  when === undefined ? {} : { conditions: { when, key, map } };

/** Names that conditions are about, without those of the table's columns: fields of the source. */
export const sourceFieldsOf = (
  { when = {} }: Pick<Pipeline, 'when'>,
  tableColumns: readonly string[],
): string[] => [
  ...new Set(
    Object.values(when)
      .flatMap((conditions) => Object.keys(conditions))
      .filter((name) => !tableColumns.includes(name)),
  ),
];

/** Conditions of the columns of a pipeline. */
export class ColumnConditions {
  readonly #when: When;
  readonly #matches: PatternMatcher;

  constructor(when: When, matches: PatternMatcher) {
    this.#when = when;
    this.#matches = matches;
  }

  /** Names of the columns and fields that the conditions of a column are about. */
  namesOf(column: string): string[] {
    return Object.keys(this.#of(column));
  }

  /** Checks the condition of a column on a value; `null` is no value. */
  holds(column: string, name: string, value: Json): boolean {
    const conditions = this.#of(column);
    const condition = Object.hasOwn(conditions, name) ? conditions[name] : undefined;
    return condition === undefined || conditionHolds(condition, value, this.#matches);
  }

  #of(column: string): Readonly<Record<string, Condition>> {
    return (Object.hasOwn(this.#when, column) ? this.#when[column] : undefined) ?? {};
  }
}

/** Checks a condition; all of its rules must hold. */
export function conditionHolds(
  { empty, oneOf, noneOf, atLeast, atMost, matches }: Condition,
  value: Json,
  matchesPattern: PatternMatcher,
): boolean {
  const number = plainNumber(value);
  return (
    (empty === undefined || isEmpty(value) === empty) &&
    (oneOf === undefined || oneOf.some((one) => isSame(one, value))) &&
    (noneOf === undefined || !noneOf.some((one) => isSame(one, value))) &&
    (atLeast === undefined || (number !== null && number >= atLeast)) &&
    (atMost === undefined || (number !== null && number <= atMost)) &&
    (matches === undefined || (isText(value) && matchesPattern(matches, String(value))))
  );
}

const isText = (value: Json): value is string | number | boolean =>
  ['string', 'number', 'boolean'].includes(typeof value);

/** An empty list, and a text of white space, are as empty as no value. */
const isEmpty = (value: Json): boolean =>
  value === null ||
  (typeof value === 'string' && value.trim() === '') ||
  (Array.isArray(value) && value.length === 0);

/** Fields of a CSV are text: `50` is the number 50, `true` is the value true. */
function isSame(wanted: string | number | boolean, value: Json): boolean {
  if (wanted === value) return true;
  if (typeof wanted === 'number') return plainNumber(value) === wanted;
  return typeof wanted === 'boolean' && value === String(wanted);
}

import { byName } from '../../contract/by-name.ts';
import type { Json } from '../../contract/json.ts';
import type { ChangesPolicy } from '../../contract/pipeline.ts';
import type { ChangeCounts, ChangeLine } from '../../contract/results.ts';
import { plainNumber } from './plain-number.ts';

/** Answers of a row by column. A column that is not there has no answer. */
export type Answers = Readonly<Record<string, Json>>;

/** Compared columns and the differences that do not count. */
export interface ChangeRules {
  readonly columns: readonly string[];
  readonly tolerance: ReadonlyMap<string, number>;
  readonly normalisesText: boolean;
}

export const changeRules = (
  columns: readonly string[],
  { ignore = [], tolerance = {}, text = 'exact' }: ChangesPolicy = {},
): ChangeRules => ({
  columns: columns.filter((column) => !ignore.includes(column)),
  tolerance: new Map(Object.entries(tolerance)),
  normalisesText: text === 'normalised',
});

export const noChanges = (): ChangeCounts => ({ new: 0, changed: 0, vanished: 0, lost: 0 });

/**
 * Compares the answers of one row in two publications; `null`: no difference counts.
 * @param before The earlier answers; `null` if the row was not there
 * @param after The later answers; `null` if the row has gone
 */
export function changeOf(
  key: string,
  before: Answers | null,
  after: Answers | null,
  rules: ChangeRules,
): Omit<ChangeLine, 'at'> | null {
  const columns: ChangeLine['columns'] = byName();
  let isLost = false;
  let differs = false;
  for (const column of rules.columns) {
    const from = answerOf(before, column);
    const to = answerOf(after, column);
    if (isSame(column, from, to, rules)) continue;
    columns[column] = { from, to };
    differs = true;
    isLost ||= to === null;
  }
  if (before === null) return { key, change: 'new', columns };
  if (after === null) return { key, change: 'vanished', columns };
  if (!differs) return null;
  return { key, change: isLost ? 'lost' : 'changed', columns };
}

/** `hasOwn`, because a column may be called `constructor`. */
const answerOf = (answers: Answers | null, column: string): Json =>
  answers !== null && Object.hasOwn(answers, column) ? (answers[column] ?? null) : null;

function isSame(column: string, from: Json, to: Json, rules: ChangeRules): boolean {
  if (from === to) return true;
  if (from === null || to === null) return false;
  const share = rules.tolerance.get(column);
  if (share !== undefined && isWithin(share, from, to)) return true;
  return isEqual(from, to, rules.normalisesText ? normalised : verbatim);
}

/** 29 % of 100 is a little less than 29 in binary. */
const ROUNDING = 1 + 1e-12;

function isWithin(share: number, from: Json, to: Json): boolean {
  const [before, after] = [plainNumber(from), plainNumber(to)];
  if (before === null || after === null) return false;
  return Math.abs(after - before) <= Math.abs(before) * share * ROUNDING;
}

/** Compares deeply; the order of the names in an object does not count. */
function isEqual(from: Json, to: Json, form: (text: string) => string): boolean {
  if (typeof from === 'string' && typeof to === 'string') return form(from) === form(to);
  if (typeof from !== 'object' || typeof to !== 'object' || from === null || to === null) {
    return from === to;
  }
  if (Array.isArray(from) || Array.isArray(to)) {
    return (
      Array.isArray(from) &&
      Array.isArray(to) &&
      from.length === to.length &&
      from.every((item, at) => isEqual(item, to[at] ?? null, form))
    );
  }
  const names = Object.keys(from);
  return (
    names.length === Object.keys(to).length &&
    names.every(
      (name) => Object.hasOwn(to, name) && isEqual(from[name] ?? null, to[name] ?? null, form),
    )
  );
}

const verbatim = (text: string): string => text;

/** Runs of white space and punctuation. */
const GAPS = /[\s\p{P}]+/gu;
/** Punctuation that is part of a name or a value: `5%`, `C#`, `AT&T`. */
const CARRYING = /[^%#&@]/g;
const DIGIT = /\p{Nd}/u;
const LETTER_OR_DIGIT = /[\p{L}\p{N}]/u;

/**
 * Leaves out case, white space and punctuation. Numbers keep what makes their value: `1.5` is not
 * `15`, `-5` is not `5`, `1 5` is not `15`.
 */
export const normalised = (text: string): string =>
  text.normalize('NFKC').toLowerCase().replace(GAPS, keptOf);

/** Returns what is left of a run of white space and punctuation. */
function keptOf(run: string, at: number, whole: string): string {
  const before = whole.charAt(at - 1);
  if (!DIGIT.test(whole.charAt(at + run.length))) return run.replace(CARRYING, '');
  if (DIGIT.test(before)) return /^[.,:/-]$/.test(run) ? run : `${run.replace(CARRYING, '')} `;
  const isSign = /[.-]$/.test(run) && !LETTER_OR_DIGIT.test(run.length > 1 ? '' : before);
  return run.replace(CARRYING, '') + (isSign ? run.slice(-1) : '');
}

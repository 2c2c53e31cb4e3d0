import { RowmillError } from '../errors.ts';

export interface NumberRange {
  least: number;
  most: number;
  whole?: true;
}

/** @throws RowmillError `usage`, naming the flag and what is allowed */
export function numberFlag(flag: string, text: string, range: NumberRange): number {
  const value = Number(text.trim() === '' ? Number.NaN : text);
  const fits = value >= range.least && value <= range.most;
  if (fits && (range.whole !== true || Number.isInteger(value))) return value;
  const kind = range.whole === true ? 'a whole number' : 'a number';
  throw new RowmillError('usage', `"${text.slice(0, 40)}" is not allowed`, {
    where: flag,
    remedy: `Give ${kind} from ${range.least} to ${range.most}.`,
  });
}

export const PORT: NumberRange = { least: 0, most: 65_535, whole: true };
/** API time ÷ real time. */
export const SPEED: NumberRange = { least: 0.01, most: 1_000_000 };

import { RowmillError } from '../../errors.ts';

export interface NumberRange {
  min: number;
  max: number;
  whole?: true;
}

/** Parses a number. @throws RowmillError `usage`, naming the flag and the allowed range */
export function numberFlag(flag: string, text: string, range: NumberRange): number {
  const value = Number(text.trim() === '' ? Number.NaN : text);
  const fits = value >= range.min && value <= range.max;
  if (fits && (range.whole !== true || Number.isInteger(value))) return value;
  const kind = range.whole === true ? 'a whole number' : 'a number';
  throw new RowmillError('usage', `"${text.slice(0, 40)}" is not allowed`, {
    where: flag,
    remedy: `Give ${kind} from ${range.min} to ${range.max}.`,
  });
}

export const PORT: NumberRange = { min: 0, max: 65_535, whole: true };
/** API time ÷ real time. */
export const SPEED: NumberRange = { min: 0.01, max: 1_000_000 };

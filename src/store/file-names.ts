import { RowmillError } from '../errors.ts';

/** Allowed path segments: names inside a folder are rowmill's own, like `parts/2/000017.jsonl`. */
const SEGMENT = /^[A-Za-z0-9_][A-Za-z0-9._=-]{0,199}$/;

/** Splits a name. @throws RowmillError `internal` for one that could leave its folder */
export const segmentsOf = (name: string): string[] => {
  const segments = name.split('/');
  if (!segments.every((segment) => SEGMENT.test(segment))) {
    throw new RowmillError('internal', `"${name}" cannot be the name of a file in the store`);
  }
  return segments;
};

/** Returns the folders that a prefix of names begins with. */
export const foldersOf = (prefix: string): string[] => {
  const above = prefix.split('/').slice(0, -1);
  return above.length === 0 ? [] : segmentsOf(above.join('/'));
};

export const refuseRange = (
  range: { start: number; end: number } | undefined,
  where: string,
): void => {
  if (range === undefined || (range.start >= 0 && range.end >= range.start)) return;
  throw new RowmillError('internal', `no such range: ${range.start}–${range.end}`, { where });
};

/** Returns the content of a JSON file. */
export const jsonText = (name: string, value: unknown): string => {
  // `stringify` returns undefined for values that JSON cannot represent, although its type says
  // otherwise.
  const text = JSON.stringify(value, null, 2) as string | undefined;
  if (text === undefined) throw new RowmillError('internal', `${name} would not be JSON`);
  return `${text}\n`;
};

export const parseJson = (text: string, where: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's message quotes the content, which must not leak into error texts.
    throw new RowmillError('store_unreadable', 'the file is not valid JSON', { where });
  }
};

import type { Json } from './json.ts';

/** Half a character, as of a text that was cut in an emoji, makes a file that strict readers refuse. */
export const wellFormedText = (text: string): string => text.replace(/\p{Cs}/gu, '\uFFFD');

/** Replaces half characters in every text and name of a value. */
export function wellFormed(value: Json): Json {
  if (typeof value === 'string') return wellFormedText(value);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(wellFormed);
  // `fromEntries`: a field may be called `__proto__`.
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [wellFormedText(key), wellFormed(item)]),
  );
}

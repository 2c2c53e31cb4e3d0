import type { Json } from '../../contract/json.ts';

const PLAIN_NUMBER = /^[+-]?\d+(?:\.\d+)?$/;

/** Takes texts of plain digits as numbers: providers often answer with text. `null`: no number. */
export function plainNumber(value: Json): number | null {
  if (typeof value === 'number') return value;
  return typeof value === 'string' && PLAIN_NUMBER.test(value.trim()) ? Number(value) : null;
}

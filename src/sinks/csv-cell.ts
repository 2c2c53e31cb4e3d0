import type { Json } from '../contract/json.ts';

/**
 * What spreadsheets take for the beginning of a formula, full-width forms included (OWASP,
 * "CSV Injection").
 */
const FORMULA = /^[=+\-@\t\r\n\uFF1D\uFF0B\uFF0D\uFF20]/;

/** A negative number calculates nothing, and must stay a number. */
const NEGATIVE_NUMBER = /^-\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/** Text that a spreadsheet shows and never calculates: formulas get a leading apostrophe. */
export const csvText = (text: string): string =>
  FORMULA.test(text) && !NEGATIVE_NUMBER.test(text) ? `'${text}` : text;

/** How a text is written. */
export type TextForm = (text: string) => string;

export const verbatim: TextForm = (text) => text;

/** Strings in their form (formulas disarmed), `null` as nothing, lists and objects as compact JSON. */
export const csvCell = (value: Json, form: TextForm = csvText): string => {
  if (value === null) return '';
  if (typeof value === 'string') return form(value);
  return JSON.stringify(value);
};

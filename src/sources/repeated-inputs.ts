import type { Json } from '../contract/json.ts';
import { SeenTexts } from './seen-texts.ts';

/** Rows with the same inputs as an earlier row: their answers are paid again. */
export interface Repeats {
  /** Number of rows equal to an earlier one, character by character. */
  exact: number;
  /**
   * Number of rows equal except for case, spaces, `https://`, `www.` and a final slash; excludes
   * `exact`.
   */
  alike: number;
}

/** Counter of repeated inputs, under any key. */
export class RepeatedInputs {
  /** Spelling in the first row, by normalized input. */
  readonly #seen = new SeenTexts();
  readonly counts: Repeats = { exact: 0, alike: 0 };

  add(input: Record<string, Json>): void {
    const values = Object.values(input);
    const written = checksum(JSON.stringify(values));
    const before = this.#seen.add(JSON.stringify(values.map(fold)), written);
    if (before === written) this.counts.exact += 1;
    else if (before !== null) this.counts.alike += 1;
  }
}

/** Checksum that differs for different spellings with high probability; never 0. */
function checksum(text: string): number {
  let sum = 1;
  for (let at = 0; at < text.length; at += 1) sum = (Math.imul(sum, 31) + text.charCodeAt(at)) | 0;
  return sum >>> 0 || 1;
}

/** Normalizes the spelling of a name or an address. */
function fold(value: Json): Json {
  if (typeof value !== 'string') return value;
  const text = value.normalize('NFKC').toLowerCase().trim().replace(/\s+/g, ' ');
  const address = text.replace(/^https?:\/\//, '').replace(/^www\./, '');
  return address.endsWith('/') ? address.slice(0, -1) : address;
}

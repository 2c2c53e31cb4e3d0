import type { Json } from '../contract/json.ts';
import { Seen } from './seen.ts';

/** Rows that ask what a row before them asks: their answers are paid again. */
export interface Repeats {
  /** As the first such row, character by character. */
  exact: number;
  /** The same but for case, spaces, `https://`, `www.` and a last slash; `exact` is not in it. */
  alike: number;
}

/** Counts inputs that came before, under whatever key. */
export class RepeatedInputs {
  /** Of each folded input: which way the first row writes it. */
  readonly #seen = new Seen();
  readonly counts: Repeats = { exact: 0, alike: 0 };

  add(input: Record<string, Json>): void {
    const values = Object.values(input);
    const written = checksum(JSON.stringify(values));
    const before = this.#seen.add(JSON.stringify(values.map(fold)), written);
    if (before === written) this.counts.exact += 1;
    else if (before !== null) this.counts.alike += 1;
  }
}

/** Of two ways to write the same it is hardly ever the same; never 0. */
function checksum(text: string): number {
  let sum = 1;
  for (let at = 0; at < text.length; at += 1) sum = (Math.imul(sum, 31) + text.charCodeAt(at)) | 0;
  return sum >>> 0 || 1;
}

/** What differs between two ways to write the same name or address is taken away. */
function fold(value: Json): Json {
  if (typeof value !== 'string') return value;
  const text = value.normalize('NFKC').toLowerCase().trim().replace(/\s+/g, ' ');
  const address = text.replace(/^https?:\/\//, '').replace(/^www\./, '');
  return address.endsWith('/') ? address.slice(0, -1) : address;
}

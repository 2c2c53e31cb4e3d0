import type { Json } from '../contract/json.ts';
import { Seen } from './seen.ts';

/** Rows that ask what a row before them asks: their answers are paid again. */
export interface Repeats {
  /** The same inputs, character by character. */
  exact: number;
  /** The same but for case, spaces, `https://`, `www.` and a last slash; `exact` is not in it. */
  alike: number;
}

/** Counts inputs that came before, under whatever key. */
export class RepeatedInputs {
  readonly #exact = new Seen();
  readonly #alike = new Seen();
  readonly counts: Repeats = { exact: 0, alike: 0 };

  add(input: Record<string, Json>): void {
    const text = JSON.stringify(input);
    const folded = JSON.stringify(Object.values(input).map(fold));
    if (this.#exact.add(text, 1) !== null) this.counts.exact += 1;
    else if (this.#alike.add(folded, 1) !== null) this.counts.alike += 1;
  }
}

/** What differs between two ways to write the same name or address is taken away. */
function fold(value: Json): Json {
  if (typeof value !== 'string') return value;
  const text = value.normalize('NFKC').toLowerCase().trim().replace(/\s+/g, ' ');
  const address = text.replace(/^https?:\/\//, '').replace(/^www\./, '');
  return address.endsWith('/') ? address.slice(0, -1) : address;
}

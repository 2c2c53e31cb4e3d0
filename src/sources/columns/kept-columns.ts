import type { Json, JsonObject } from '../../contract/json.ts';
import { withDigits } from '../../contract/exact-json.ts';
import { wellFormed, wellFormedText } from '../../contract/well-formed.ts';
import { SourceColumns } from './source-columns.ts';

/** A JSON writer overflows its stack at some thousands. */
const MAX_LEVELS = 100;

/** Fields of a row that the table does not need and the results include. */
export class KeptColumns {
  readonly #keep: 'all' | readonly string[];
  readonly #fieldBytesCap: number;
  readonly #columns = new SourceColumns();
  /** Number of fields that were too large or too deep to keep. */
  dropped = 0;

  constructor(keep: 'all' | readonly string[], fieldBytesCap: number) {
    this.#keep = keep;
    this.#fieldBytesCap = fieldBytesCap;
  }

  /** Names in the order they first appeared. */
  get names(): string[] {
    return this.#columns.names;
  }

  /** True if the rows have columns beyond `names`. */
  get hasMore(): boolean {
    return this.#columns.hasMore;
  }

  /**
   * Returns the fields to keep. @param used Columns that the row's key and inputs were taken from.
   */
  of(values: Record<string, Json>, used: ReadonlySet<string>): JsonObject {
    const names =
      this.#keep === 'all'
        ? Object.keys(values).filter((name) => !used.has(name))
        : this.#keep.filter((name) => Object.hasOwn(values, name));
    const pairs = names.flatMap((name) => {
      const value = this.#fit(Object.hasOwn(values, name) ? (values[name] ?? null) : null);
      if (value === undefined) {
        this.dropped += 1;
        return [];
      }
      return [[wellFormedText(name), value] as const];
    });
    // `fromEntries`, because a column may be called `__proto__`.
    const source = Object.fromEntries(pairs);
    this.#columns.see({ source });
    return source;
  }

  /** Returns a value that can be written; `undefined` if it cannot. */
  #fit(value: Json): Json | undefined {
    if (typeof value !== 'string' && isDeeper(value, MAX_LEVELS)) return undefined;
    const exact = withDigits(value);
    const text = wellFormedText(typeof exact === 'string' ? exact : JSON.stringify(exact));
    if (Buffer.byteLength(text) > this.#fieldBytesCap) return undefined;
    return typeof exact === 'string' ? text : wellFormed(exact);
  }
}

const isDeeper = (value: Json, levels: number): boolean => {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((item) => isDeeper(item, levels - 1));
};

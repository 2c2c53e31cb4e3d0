import type { Canary } from '../contract/pipeline.ts';
import { RowmillError } from '../errors.ts';

/** Maximum number of keys in a message. */
const MAX_NAMED = 5;

/** Error for a canary that the list does not have. */
export class CanaryMismatch extends RowmillError {
  /** Key of `canary` that is wrong. */
  readonly field: 'rows' | 'pick';
  /** Allowed value, for display. */
  readonly allowed: string;

  constructor(field: 'rows' | 'pick', what: string, allowed: string, where: string) {
    super('rows_invalid', what, { where, remedy: `Set canary.${field}: ${allowed}.` });
    this.field = field;
    this.allowed = allowed;
  }
}

/** Compares a canary with the rows of a list. */
export class CanaryCheck {
  readonly #canary: Canary;
  readonly #missing: Set<string>;

  constructor(canary: Canary) {
    this.#canary = canary;
    this.#missing = new Set(typeof canary.pick === 'string' ? [] : canary.pick);
  }

  see(key: string): void {
    if (this.#missing.size > 0) this.#missing.delete(key);
  }

  /** @throws CanaryMismatch if it is larger than the list, or a key is not there */
  refuse(rows: number, where: string): void {
    const [first] = this.#missing;
    if (first !== undefined) {
      const named = [...this.#missing].slice(0, MAX_NAMED).map((key) => `"${key.slice(0, 60)}"`);
      const more = this.#missing.size - named.length;
      const keys = [...named, ...(more > 0 ? [`${more} more`] : [])].join(', ');
      throw new CanaryMismatch('pick', `no row has the key ${keys}`, 'keys of the list', where);
    }
    if (this.#canary.rows <= rows) return;
    const what = `a canary of ${this.#canary.rows} rows, and the list has ${rows}`;
    throw new CanaryMismatch('rows', what, `at most ${rows}`, where);
  }
}

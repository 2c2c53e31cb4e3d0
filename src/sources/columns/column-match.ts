import { foldName } from '../rows/blank.ts';

/** Limit, because each row of a hostile source may add names. */
const MAX_FOLDS = 10_000;

/**
 * Finds a column by its name. A name that only looks the same (other composition, invisible
 * characters) matches if it is the only one.
 */
export class ColumnMatch {
  readonly #folds = new Map<string, string>();

  /** Returns the name as the source has it, or `null`. */
  find(wanted: string, there: readonly string[]): string | null {
    if (there.includes(wanted)) return wanted;
    const fold = this.#foldOf(wanted);
    const alike = there.filter((name) => this.#foldOf(name) === fold);
    return alike.length === 1 ? (alike[0] ?? null) : null;
  }

  #foldOf(name: string): string {
    const known = this.#folds.get(name);
    if (known !== undefined) return known;
    const fold = foldName(name);
    if (this.#folds.size < MAX_FOLDS) this.#folds.set(name, fold);
    return fold;
  }
}

import { foldName } from '../rows/blank.ts';

/** Rows of a hostile source may each bring names of their own. */
const MAX_FOLDS = 10_000;

/**
 * Finds a column by its name; one that only looks the same (composed otherwise, with invisible
 * characters) will do when there is one of it.
 */
export class ColumnMatch {
  readonly #folds = new Map<string, string>();

  /** The name as it stands there, or `null`. */
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

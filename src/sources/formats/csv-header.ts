import { foldName, isBlank, trimUnseen } from '../rows/blank.ts';
import type { SourceNotes } from '../rows/source-notes.ts';

/** The first row of a CSV: which columns have a name of their own, and where they stand. */
export class Header {
  /** Columns that can be named. */
  readonly names: readonly string[];
  /** Columns in all, nameless ones included. */
  readonly width: number;
  /** Where each of them stands. */
  readonly #places: readonly (readonly [string, number])[];
  readonly #folds: readonly string[];

  constructor(record: readonly string[], notes: SourceNotes) {
    const names = record.map(trimUnseen);
    this.width = record.length;
    this.#folds = record.map(foldName);
    notes.unnamed = names.flatMap((name, at) => (isBlank(name) ? [at + 1] : []));
    const places = new Map<string, number[]>();
    for (const [at, name] of names.entries()) {
      if (!isBlank(name)) places.set(name, [...(places.get(name) ?? []), at + 1]);
    }
    for (const [name, columns] of places) if (columns.length > 1) notes.repeated.set(name, columns);
    this.#places = names.flatMap((name, at) =>
      places.get(name)?.length === 1 ? [[name, at] as const] : [],
    );
    this.names = this.#places.map(([name]) => name);
    notes.header = this.names;
  }

  /** The fields of a row by column; fields beyond the header must be empty. */
  values(record: readonly string[]): Record<string, string> {
    // `fromEntries`: a column may be called `__proto__`.
    return Object.fromEntries(this.#places.map(([name, at]) => [name, record[at] ?? '']));
  }

  /** `again`: the same names at the same places. `moved`: the same names at other places. */
  standsAgain(record: readonly string[]): 'again' | 'moved' | null {
    // Most rows differ in the first field that is looked at.
    const [first = ''] = record;
    if (this.names.length === 0 || !this.#folds.includes(foldName(first))) return null;
    const folds = record.map(foldName);
    while (folds.length > this.width && folds.at(-1) === '') folds.pop();
    if (folds.length !== this.width) return null;
    if (folds.every((fold, at) => fold === this.#folds[at])) return 'again';
    const sorted = [...this.#folds].sort();
    return [...folds].sort().every((fold, at) => fold === sorted[at]) ? 'moved' : null;
  }
}

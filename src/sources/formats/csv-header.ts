import { foldName, isBlank, trimUnseen } from '../rows/blank.ts';
import type { SourceNotes } from '../rows/source-notes.ts';

/** First row of a CSV: its named columns and their positions. */
export class Header {
  /** Columns with a unique name. */
  readonly names: readonly string[];
  /** Number of columns, including unnamed ones. */
  readonly width: number;
  /** Names with their positions. */
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

  /** Returns the fields of a row by column; fields beyond the header must be empty. */
  values(record: readonly string[]): Record<string, string> {
    // `fromEntries`, because a column may be called `__proto__`.
    return Object.fromEntries(this.#places.map(([name, at]) => [name, record[at] ?? '']));
  }

  /** Detects a repeated header. `again`: same positions; `moved`: other positions. */
  standsAgain(record: readonly string[]): 'again' | 'moved' | null {
    // Fast path: most rows differ in the first field.
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

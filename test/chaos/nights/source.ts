import type { SourceEdit } from './nights-script.ts';

/** Row of a source, as the cases of the providers read it. */
export interface SourceRow extends Record<string, string> {
  Symbol: string;
  Security: string;
}

/** A list of rows that is edited between nights. */
export class Source {
  #rows: SourceRow[] = [];
  readonly #removed: SourceRow[] = [];
  #serial = 0;
  #versions = 0;

  constructor(rows: number) {
    this.#add(rows);
  }

  get rows(): readonly SourceRow[] {
    return this.#rows;
  }

  /** Returns the keys of rows whose inputs changed. */
  edit(edits: readonly SourceEdit[]): string[] {
    return edits.flatMap((edit) => this.#apply(edit));
  }

  #apply(edit: SourceEdit): string[] {
    switch (edit.edit) {
      case 'add':
        this.#add(edit.rows);
        return [];
      case 'change':
        return this.#change(edit.row % this.#rows.length);
      case 'remove':
        // A pipeline needs a row.
        if (this.#rows.length > 1) {
          this.#removed.push(...this.#rows.splice(edit.row % this.#rows.length, 1));
        }
        return [];
      case 'return':
        this.#rows.push(...this.#removed.splice(-1));
        return [];
      case 'reverse':
        this.#rows.reverse();
        return [];
    }
  }

  #add(rows: number): void {
    for (let added = 0; added < rows; added += 1) {
      const n = this.#serial;
      this.#serial += 1;
      this.#rows.push({ Symbol: `S${n}`, Security: `Company ${n}` });
    }
  }

  #change(at: number): string[] {
    const row = this.#rows[at];
    if (row === undefined) return [];
    this.#versions += 1;
    this.#rows[at] = { ...row, Security: `Company ${row.Symbol.slice(1)} v${this.#versions}` };
    return [row.Symbol];
  }
}

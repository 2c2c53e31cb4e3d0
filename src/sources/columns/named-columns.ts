import { ColumnMatch } from './column-match.ts';
import { MissingColumns } from './missing-columns.ts';
import type { SourceRow } from '../rows/row.ts';
import type { SourceNotes } from '../rows/source-notes.ts';

/** Columns that the pipeline names, compared with those of the source. */
export class NamedColumns {
  readonly #needed: ReadonlySet<string>;
  readonly #where: string;
  readonly #there = new Set<string>();
  readonly #match = new ColumnMatch();
  #repeated: ReadonlyMap<string, number[]> = new Map();

  constructor(needed: ReadonlySet<string>, where: string) {
    this.#needed = needed;
    this.#where = where;
  }

  /** Records the columns of a row. @throws MissingColumns as soon as a header lacks one */
  see({ header, values }: Pick<SourceRow, 'header' | 'values'>, notes: SourceNotes): void {
    if (header !== undefined && this.#there.size > 0) return;
    for (const name of header ?? Object.keys(values)) {
      // Limit, because each row of a hostile source may add names.
      if (this.#there.size < 10_000) this.#there.add(name);
    }
    this.#repeated = notes.repeated;
    if (header !== undefined) this.refuseMissing();
  }

  /** Rejects columns that no row had. @throws MissingColumns */
  refuseMissing(): void {
    const there = [...this.#there];
    if (there.length === 0) return;
    const missing = [...this.#needed].filter((name) => this.#match.find(name, there) === null);
    if (missing.length === 0) return;
    throw new MissingColumns(missing, there, this.#where, this.#repeated);
  }
}

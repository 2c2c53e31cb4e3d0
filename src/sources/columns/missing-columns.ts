import { RowmillError } from '../../errors.ts';
import { nearest } from '../../did-you-mean.ts';
import { quoted } from '../rows/row.ts';

/** Maximum number of columns in the message. */
const MAX_COLUMNS = 40;

export interface MissingColumn {
  name: string;
  /** Description of the source for display: `no column "x"`, or more than one. */
  found: string;
  /** Likely intended column. */
  meant: string | null;
}

/** Error for columns that the pipeline names and the source lacks: one mistake, not one per row. */
export class MissingColumns extends RowmillError {
  readonly missing: readonly MissingColumn[];
  /** Existing columns, for display. */
  readonly there: string;
  /** Name of the source. */
  readonly source: string;

  /**
   * @param repeated Names that occur more than once, with their column numbers: they are ambiguous.
   */
  constructor(
    names: readonly string[],
    columns: readonly string[],
    source: string,
    repeated: ReadonlyMap<string, readonly number[]> = new Map(),
  ) {
    const missing = names.map((name) => missingColumn(name, columns, repeated.get(name)));
    const there = columnList(columns);
    const lines = missing.map(({ found, meant }) => {
      const hint = meant === null ? '' : ` · did you mean ${quoted(meant)}?`;
      return `there ${found.startsWith('no ') ? 'is' : 'are'} ${found}${hint}`;
    });
    super('rows_invalid', `${lines.join('\n')}\ncolumns: ${there}`, {
      where: source,
      remedy: 'Name columns of the source in `rows.key`, `rows.map`, `rows.keep` and `when`.',
    });
    this.missing = missing;
    this.there = there;
    this.source = source;
  }
}

function missingColumn(
  name: string,
  columns: readonly string[],
  places: readonly number[] | undefined,
): MissingColumn {
  if (places === undefined) {
    return { name, found: `no column ${quoted(name)}`, meant: nearest(name, columns) };
  }
  const found = `${places.length} columns ${quoted(name)} (${places.join(', ')}); give each a name of its own`;
  return { name, found, meant: null };
}

function columnList(names: readonly string[]): string {
  const more = names.length > MAX_COLUMNS ? `, … (${names.length} in all)` : '';
  const shown = names.slice(0, MAX_COLUMNS).map((name) => quoted(name));
  return `${shown.join(', ')}${more}`;
}

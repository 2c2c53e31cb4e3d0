import { RowmillError } from '../../errors.ts';
import { nearest } from '../../did-you-mean.ts';
import { quoted } from '../rows/row.ts';

/** Columns that are listed when one is missing. */
const MAX_COLUMNS = 40;

export interface MissingColumn {
  name: string;
  /** For people, what the source has: `no column "x"`, or more than one. */
  found: string;
  /** The column that may have been meant. */
  meant: string | null;
}

/** The pipeline names columns that the source does not have: one mistake, not one in every row. */
export class MissingColumns extends RowmillError {
  readonly missing: readonly MissingColumn[];
  /** The columns there are, for people. */
  readonly there: string;
  /** What the source is called. */
  readonly source: string;

  /** @param repeated Names that stand more than once, and at which columns: none of them is meant. */
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
      remedy: 'Name columns of the source in `rows.key`, `rows.map` and `rows.keep`.',
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

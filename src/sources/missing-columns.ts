import { RowmillError } from '../errors.ts';
import { nearest } from '../nearest.ts';
import { quoted } from './row.ts';

/** Columns that are listed when one is missing. */
const MOST_COLUMNS = 40;

export interface MissingColumn {
  name: string;
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

  constructor(names: readonly string[], columns: readonly string[], source: string) {
    const missing = names.map((name) => ({ name, meant: nearest(name, columns) }));
    const there = columnList(columns);
    const lines = missing.map(({ name, meant }) => {
      const hint = meant === null ? '' : ` · did you mean ${quoted(meant)}?`;
      return `there is no column ${quoted(name)}${hint}`;
    });
    super('rows_invalid', `${lines.join('\n')}\ncolumns: ${there}`, {
      where: source,
      remedy: 'Name columns of the source in `rows.key` and `rows.map`.',
    });
    this.missing = missing;
    this.there = there;
    this.source = source;
  }
}

function columnList(names: readonly string[]): string {
  const more = names.length > MOST_COLUMNS ? `, … (${names.length} in all)` : '';
  const shown = names.slice(0, MOST_COLUMNS).map((name) => quoted(name));
  return `${shown.join(', ')}${more}`;
}

import { RowmillError } from '../errors.ts';
import { problemText, type RowProblem } from './rows/row.ts';

/** Maximum problems listed in full; the rest is counted. */
const MAX_LISTED = 20;

/** Rows that were left out. */
export interface LeftOutRows {
  rows: number;
  /** Number of rows read, including these. */
  of: number;
  /** First problems, one per line, for display. */
  problems: string[];
}

/** Problems with the rows of a source. */
export class Problems {
  /** Number of unusable rows. */
  bad = 0;
  #total = 0;
  #unreadable = 0;
  readonly #listed: string[] = [];

  /** Adds all problems of one row. */
  add(problems: readonly RowProblem[], unreadable: boolean): void {
    this.bad += 1;
    if (unreadable) this.#unreadable += 1;
    this.#total += problems.length;
    const room = MAX_LISTED - this.#listed.length;
    this.#listed.push(...problems.slice(0, room).map(problemText));
  }

  /** Returns the first problems, one per line, and the number of further ones. */
  lines(): string[] {
    const more = this.#total - this.#listed.length;
    return more > 0 ? [...this.#listed, `… and ${more} more`] : this.#listed;
  }

  /** @param read Number of rows read, including these. */
  leftOut(read: number): LeftOutRows | null {
    return this.bad === 0 ? null : { rows: this.bad, of: read, problems: this.lines() };
  }

  /** Builds the error. @param allowed Share of rows that may be left out; 0: none. */
  error(read: number, where: string, allowed: number): RowmillError {
    const code = this.#unreadable === this.bad ? 'source_unreadable' : 'rows_invalid';
    const limit = allowed === 0 ? '' : `; rows.skipBad allows ${percent(allowed)}`;
    const what = `${this.bad} of ${read} rows cannot be used${limit}`;
    return new RowmillError(code, [what, ...this.lines()].join('\n'), { where });
  }

  /** Adds the earlier problems to an error that ended the reading. */
  with(error: RowmillError): RowmillError {
    if (this.bad === 0) return error;
    const what = [error.what, 'before it:', ...this.lines()].join('\n');
    return new RowmillError(error.code, what, { where: error.where, cause: error });
  }
}

export const percent = (share: number): string =>
  `${(share * 100).toLocaleString('en-US', { maximumFractionDigits: 2 })}%`;

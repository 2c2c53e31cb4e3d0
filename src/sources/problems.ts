import { RowmillError } from '../errors.ts';
import { problemText, type RowProblem } from './rows/row.ts';

/** Problems that are spelled out; the rest is counted. */
const MAX_LISTED = 20;

/** What is wrong with the rows of a source. */
export class Problems {
  /** Rows that cannot be used. */
  bad = 0;
  #total = 0;
  #unreadable = 0;
  readonly #listed: string[] = [];

  /** All problems of one row. */
  add(problems: readonly RowProblem[], unreadable: boolean): void {
    this.bad += 1;
    if (unreadable) this.#unreadable += 1;
    this.#total += problems.length;
    const room = MAX_LISTED - this.#listed.length;
    this.#listed.push(...problems.slice(0, room).map(problemText));
  }

  /** The first ones, one a line, and how many there are beyond. */
  lines(): string[] {
    const more = this.#total - this.#listed.length;
    return more > 0 ? [...this.#listed, `… and ${more} more`] : this.#listed;
  }

  /** @param allowed The share of rows that may be left out; 0: none. */
  error(read: number, where: string, allowed: number): RowmillError {
    const code = this.#unreadable === this.bad ? 'source_unreadable' : 'rows_invalid';
    const limit = allowed === 0 ? '' : `; rows.skipBad allows ${percent(allowed)}`;
    const what = `${this.bad} of ${read} rows cannot be used${limit}`;
    return new RowmillError(code, [what, ...this.lines()].join('\n'), { where });
  }

  /** An error that ended the reading, with the problems before it: all of them at once. */
  with(error: RowmillError): RowmillError {
    if (this.bad === 0) return error;
    const what = [error.what, 'before it:', ...this.lines()].join('\n');
    return new RowmillError(error.code, what, { where: error.where, cause: error });
  }
}

export const percent = (share: number): string =>
  `${(share * 100).toLocaleString('en-US', { maximumFractionDigits: 2 })}%`;

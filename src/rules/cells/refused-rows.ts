/** Maximum share of refused rows of a list. */
const MAX_SHARE = 0.05;
/** Minimum number of refused rows allowed in a longer list. */
const MIN_ROWS = 3;
/** Consecutive refusals after which the rows are not the cause: the table is full. */
const IN_A_ROW = 10;

/** Rows that the API has refused one by one. */
export interface Refused {
  rows: number;
  /** Refusals since the last accepted row. */
  inARow: number;
}

/** Checks whether the refused rows may be left out of a list of this length. */
export const mayLeaveOut = ({ rows, inARow }: Refused, listed: number): boolean =>
  rows < listed && inARow < IN_A_ROW && rows <= Math.max(MIN_ROWS, listed * MAX_SHARE);

/** Of a list, such a share may be refused by the API, and the rest goes on. */
const MAX_SHARE = 0.05;
/** So many in any case, of a list that has more. */
const MIN_ROWS = 3;
/** So many one after the other are no matter of the rows: the table takes no more. */
const IN_A_ROW = 10;

/** Rows that the API has refused one by one. */
export interface Refused {
  rows: number;
  /** Since the last row that it took. */
  inARow: number;
}

/** Whether the refused rows may be left out of a list of so many. */
export const mayLeaveOut = ({ rows, inARow }: Refused, listed: number): boolean =>
  rows < listed && inARow < IN_A_ROW && rows <= Math.max(MIN_ROWS, listed * MAX_SHARE);

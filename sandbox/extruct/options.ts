import { USUAL_TERMS } from '../engine/terms.ts';

/** Options for what the reference leaves open, or may state incorrectly. */
export interface ExtructOptions {
  /** Effect of `tags` on a list. @default 'any' */
  tagFilter?: 'any' | 'ignored';
  /** Includes the tags of a table in replies. @default true */
  tagsReturned?: boolean;
  /** API ms until a list shows a new table. @default 0 */
  listedAfterMs?: number;
  /** Kind of the automatic columns of people tables. @default 'agents' */
  peopleColumns?: 'agents' | 'inputs';
  /** Reply to a delete. @default 'header' */
  deleteReply?: 'header' | 'empty';
  /** Order of the reply to new rows. @default 'sent' */
  rowsReply?: 'sent' | 'reversed';
  /** Handling of a row's metadata. @default 'returned' */
  metadata?: 'returned' | 'dropped';
  /** Rows of one request with the same data. @default 'kept' */
  sameRows?: 'kept' | 'merged';
  /** Content type of `/data`. @default 'application/json' */
  dataType?: string;
  /** `limit` of `/data` above which it is refused (422). @default Infinity */
  pageLimit?: number;
  /** Counters of the status that are 0. @default 'shown' */
  zeros?: 'shown' | 'left out';
  /** Columns in `num_output_columns`. @default 'computed' */
  outputColumns?: 'computed' | 'named';
  /** Automatic columns in the scope of a run. @default 'taken' */
  automaticScope?: 'taken' | 'refused';
  /** Runs the automatic columns that a cell waits for along with it. @default true */
  automaticAlong?: boolean;
  /** Credits for a cell of a company table's automatic columns. @default 0 */
  automaticPrice?: number;
  /** Credits for a plain cell. @default 1 */
  cellPrice?: number;
  /** Price of failed cells: paid or free. @default 'charged' */
  failedCells?: 'charged' | 'returned';
  /** Effect of a run scoped to rows. @default 'those rows' */
  rowScope?: 'those rows' | 'every row';
  /** Includes failed cells in `mode: new`. @default false */
  newTakesFailed?: boolean;
  /** Includes failed cells in `mode: failed`. @default true */
  failedTakesFailed?: boolean;
  /** A change of a row: of the fields sent, or of all its data and metadata. @default 'merged' */
  rowChanges?: 'merged' | 'replaced';
  /** Cells whose input or config was changed: they keep their answer, or are `created`. @default 'kept' */
  outdatedCells?: 'kept' | 'reset';
  /** Reports the number of requested cells in the reply to a run. @default true */
  requestedTold?: boolean;
  /** Reports the balance of the account. @default true */
  balanceTold?: boolean;
  /** The plan, as `GET /v1/billing` shows it; `null`: not found. */
  billing?: { requiresSubscription: boolean; planTier: string } | null;
}

export const extructOptions = (
  _nonce: number,
  options: ExtructOptions = {},
): Required<ExtructOptions> => ({
  ...USUAL_TERMS,
  tagFilter: 'any',
  tagsReturned: true,
  listedAfterMs: 0,
  deleteReply: 'header',
  rowsReply: 'sent',
  metadata: 'returned',
  sameRows: 'kept',
  dataType: 'application/json',
  pageLimit: Infinity,
  zeros: 'shown',
  outputColumns: 'computed',
  automaticScope: 'taken',
  automaticAlong: true,
  rowScope: 'those rows',
  newTakesFailed: false,
  failedTakesFailed: true,
  rowChanges: 'merged',
  outdatedCells: 'kept',
  requestedTold: true,
  balanceTold: true,
  billing: { requiresSubscription: false, planTier: 'pro' },
  ...options,
});

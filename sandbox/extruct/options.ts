import { USUAL_TERMS } from '../engine/terms.ts';

/** What the reference leaves open, or may say wrongly: each can be turned round. */
export interface ExtructOptions {
  /** What `tags` does to a list. @default 'any' */
  tagFilter?: 'any' | 'ignored';
  /** Whether tables show the tags they were made with. @default true */
  tagsReturned?: boolean;
  /** API ms until a list shows a new table. @default 0 */
  listedAfterMs?: number;
  /** What the own columns of people tables are. @default 'agents' */
  peopleColumns?: 'agents' | 'inputs';
  /** What a delete is answered with. @default 'header' */
  deleteReply?: 'header' | 'empty';
  /** Order of the reply to new rows. @default 'sent' */
  rowsReply?: 'sent' | 'reversed';
  /** What becomes of a row's metadata. @default 'returned' */
  metadata?: 'returned' | 'dropped';
  /** Rows of one request with the same data. @default 'kept' */
  sameRows?: 'kept' | 'merged';
  /** Of `/data`. @default 'application/json' */
  dataType?: string;
  /** `limit` of `/data` above which it is refused (422). @default Infinity */
  pageLimit?: number;
  /** Counters of the status that are 0. @default 'shown' */
  zeros?: 'shown' | 'left out';
  /** Columns in `num_output_columns`. @default 'computed' */
  outputColumns?: 'computed' | 'named';
  /** Automatic columns in the scope of a run. @default 'taken' */
  automaticScope?: 'taken' | 'refused';
  /** Whether the automatic columns that a cell waits for run along with it. @default true */
  automaticAlong?: boolean;
  /** Credits for a cell of a company table's automatic columns. @default 0 */
  automaticPrice?: number;
  /** Credits for a plain cell. @default 1 */
  cellPrice?: number;
  /** Whether a cell that fails is paid. @default 'charged' */
  failedCells?: 'charged' | 'returned';
  /** What a run scoped to rows does. @default 'those rows' */
  rowScope?: 'those rows' | 'every row';
  /** Whether `mode: new` asks for failed cells. @default false */
  newTakesFailed?: boolean;
  /** Whether `mode: failed` asks for them. @default true */
  failedTakesFailed?: boolean;
  /** Whether the reply to a run says how many cells it asks for. @default true */
  requestedTold?: boolean;
  /** Whether the account has a balance. @default true */
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
  requestedTold: true,
  balanceTold: true,
  billing: { requiresSubscription: false, planTier: 'pro' },
  ...options,
});

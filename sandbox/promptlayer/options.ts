export interface PromptLayerOptions {
  /** Cells of one operation above which it asks back (the API does not say). @default 1000 */
  confirmAbove?: number;
  /** Its question counts so many cells more than were asked for, as if others depended on them. @default 0 */
  confirmAlso?: number;
  /** How long a confirmation token is good, and once (the API does not say). @default 600_000 */
  tokenLastsMs?: number;
  /** What an operation with a token that is over gets: a new question, or 400. @default 'question' */
  tokenOver?: 'question' | 'refusal';
  /** Cells in one execution (the API does not say). @default 2000 */
  cellsPerExecution?: number;
  /** Where lists have their cursor: the reference shows it in both places. @default 'pagination' */
  cursorIn?: 'pagination' | 'top';
  /**
   * Cells that were never computed: stale ones, or "virtual" ones, which no row shows and no number
   * counts but `virtual_cell_count` (the reference has the word, and does not say). @default 'stale'
   */
  neverComputed?: 'stale' | 'virtual';
  /** What `name` does to a list of tables. @default 'contains' */
  nameFilter?: 'contains' | 'ignored';
  /** Sheet of a new table; 'only with' refuses a table without one (400). @default 'as asked' */
  defaultSheet?: 'as asked' | 'always' | 'only with';
  /** Blank sheets beside the default one. @default 'made' */
  moreSheets?: 'made' | 'refused';
  /** What a blank sheet comes with. @default 'column and row' */
  blankSheet?: 'column and row' | 'nothing';
  /** Computed cells that start without being asked for. @default 'none' */
  startsItself?: 'none' | 'new columns' | 'new columns and rows';
  /**
   * Row indices: places, which move up when a row is deleted; with a gap behind the blank row; or with
   * gaps everywhere, before the first row as well. The latter two stay with their rows. @default 'dense'
   */
  indices?: 'dense' | 'sparse' | 'scattered';
  /** Deletion of rows: official clients do it, the reference came later. @default 'taken' */
  rowDeletes?: 'taken' | 'refused' | 'without effect';
  /** `operation_id`: the first execution's, or another one that cannot be read. @default 'execution' */
  operationId?: 'execution' | 'other';
  /** Whether an operation that is over can be read. @default true */
  operationsKept?: boolean;
  /** `limit` of a list of rows above which it is refused (422). @default 100 */
  pageLimit?: number;
  /** What a delete is answered with. @default 'message' */
  deleteReply?: 'message' | 'empty';
  /** Rows of an operation. @default 'those rows' */
  rowScope?: 'those rows' | 'every row';
  /** The words for a cell's state in rows: both were seen. @default 'lower' */
  rowWords?: 'lower' | 'upper';
  /** As they are, or as `{ value }`: official clients read both. @default 'plain' */
  values?: 'plain' | 'wrapped';
}

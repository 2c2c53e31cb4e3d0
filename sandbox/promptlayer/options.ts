export interface PromptLayerOptions {
  /** Cells of one operation above which it asks back (the API does not say). @default 1000 */
  confirmAbove?: number;
  /**
   * Additional cells in the confirmation question, as if others depended on the requested ones.
   * @default 0
   */
  confirmAlso?: number;
  /** Lifetime of a confirmation token, which is valid once (not documented). @default 600_000 */
  tokenLastsMs?: number;
  /** Reply to an expired token: a new question, or 400. @default 'question' */
  tokenOver?: 'question' | 'refusal';
  /** Cells in one execution (the API does not say). @default 2000 */
  cellsPerExecution?: number;
  /** Location of the cursor in lists: the reference shows both. @default 'pagination' */
  cursorIn?: 'pagination' | 'top';
  /**
   * Cells that were never computed: stale or "virtual". No row shows a virtual cell, and no number
   * counts it but `virtual_cell_count`. The reference has the word, and does not explain it.
   * @default 'stale'
   */
  neverComputed?: 'stale' | 'virtual';
  /** Effect of `name` on a list of tables. @default 'contains' */
  nameFilter?: 'contains' | 'ignored';
  /** Sheet of a new table; 'only with' refuses a table without one (400). @default 'as asked' */
  defaultSheet?: 'as asked' | 'always' | 'only with';
  /** Blank sheets beside the default one. @default 'made' */
  moreSheets?: 'made' | 'refused';
  /** Content of a blank sheet. @default 'column and row' */
  blankSheet?: 'column and row' | 'nothing';
  /** Computed cells that start without being asked for. @default 'none' */
  startsItself?: 'none' | 'new columns' | 'new columns and rows';
  /**
   * Row indices: places, which move up when a row is deleted; or ids with a gap behind the blank row;
   * or ids with gaps everywhere, before the first row as well. Ids stay with their rows.
   * @default 'dense'
   */
  indices?: 'dense' | 'sparse' | 'scattered';
  /** Deletion of rows: official clients do it, the reference came later. @default 'taken' */
  rowDeletes?: 'taken' | 'refused' | 'without effect';
  /** `operation_id`: the first execution's, or another one that cannot be read. @default 'execution' */
  operationId?: 'execution' | 'other';
  /** Lets clients read completed operations. @default true */
  operationsKept?: boolean;
  /** `limit` of a list of rows above which it is refused (422). @default 100 */
  pageLimit?: number;
  /** Reply to a delete. @default 'message' */
  deleteReply?: 'message' | 'empty';
  /**
   * Cells of a column whose config was changed: they keep their answer until they are recalculated,
   * or become stale. @default 'kept'
   */
  changedColumns?: 'kept' | 'stale';
  /** Rows of an operation. @default 'those rows' */
  rowScope?: 'those rows' | 'every row';
  /** The words for a cell's state in rows: both were seen. @default 'lower' */
  rowWords?: 'lower' | 'upper';
  /** Form of values, plain or `{ value }`: official clients read both. @default 'plain' */
  values?: 'plain' | 'wrapped';
}

export interface PromptLayerOptions {
  /** Cells of one operation above which it asks back (the API does not say). @default 1000 */
  confirmAbove?: number;
  /** Cells in one execution (the API does not say). @default 2000 */
  cellsPerExecution?: number;
  /** Where lists have their cursor: the reference shows it in both places. @default 'pagination' */
  cursorIn?: 'pagination' | 'top';
  /**
   * Cells that were never computed: stale ones, or "virtual" ones, which no row shows and no number
   * counts but `virtual_cell_count` (the reference has the word, and does not say). @default 'stale'
   */
  neverComputed?: 'stale' | 'virtual';
  /** As they are, or as `{ value }`: official clients read both. @default 'plain' */
  values?: 'plain' | 'wrapped';
}

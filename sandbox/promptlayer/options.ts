export interface PromptLayerOptions {
  /** Cells of one operation above which it asks back (the API does not say). @default 1000 */
  confirmAbove?: number;
  /** Cells in one execution (the API does not say). @default 2000 */
  cellsPerExecution?: number;
  /** Where lists have their cursor: the reference shows it in both places. @default 'pagination' */
  cursorIn?: 'pagination' | 'top';
}

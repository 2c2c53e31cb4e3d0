/** Rules that the API of a table sets: prices, and automatic columns. */
export interface TableTerms {
  /** Automatic columns of a table of kind `people`. */
  readonly peopleColumns: 'agents' | 'inputs';
  /** Credits for a plain cell. */
  readonly cellPrice: number;
  /** Credits for a cell of a column that comes with the table. */
  readonly automaticPrice: number;
  /** True if failed cells are paid. */
  readonly failedCells: 'charged' | 'returned';
}

/** Default rules of an API. */
export const USUAL_TERMS: TableTerms = {
  peopleColumns: 'agents',
  cellPrice: 1,
  automaticPrice: 0,
  failedCells: 'charged',
};

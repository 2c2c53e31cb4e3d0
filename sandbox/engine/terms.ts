/** What the API of a table decides: prices, and the columns that come with it. */
export interface TableTerms {
  /** Columns that come with a people table. */
  readonly peopleColumns: 'agents' | 'inputs';
  /** Credits for a plain cell. */
  readonly cellPrice: number;
  /** Credits for a cell of a column that comes with the table. */
  readonly automaticPrice: number;
  /** Whether a cell that fails is paid. */
  readonly failedCells: 'charged' | 'returned';
}

/** Where its API has no others. */
export const USUAL_TERMS: TableTerms = {
  peopleColumns: 'agents',
  cellPrice: 1,
  automaticPrice: 0,
  failedCells: 'charged',
};

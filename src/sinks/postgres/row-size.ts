/**
 * Columns whose texts always fit into a page of PostgreSQL: a long text takes 18 bytes there, one of 23
 * characters 24.
 */
const SURE_COLUMNS = 330;

/** Cautions against rows that may be larger than a page, which PostgreSQL refuses. */
export const rowSizeCaution = (columns: number): string | null =>
  columns <= SURE_COLUMNS
    ? null
    : `PostgreSQL refuses a row above 8 kB: of ${columns} columns most must be empty or short; up to ${SURE_COLUMNS} always fit. rows.keep leaves some out`;

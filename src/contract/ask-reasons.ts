/**
 * Reasons to ask for a cell. `new`: its row or column is new. `changed`: its input changed. `age`:
 * its answer is older than the pipeline allows. `failed`: it has no answer yet. `all`: the pipeline
 * asks for every cell.
 */
export const ASK_REASONS = ['new', 'changed', 'age', 'failed', 'all'] as const;

export type AskReason = (typeof ASK_REASONS)[number];

/** Number of cells by column key. */
export type CellsByColumn = Record<string, number>;

/** Cells that were asked for, by reason and column key. Left out: none. */
export type AskedCells = Partial<Record<AskReason, CellsByColumn>>;

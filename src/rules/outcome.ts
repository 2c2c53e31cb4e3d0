import type { CellCounts, CellOutcome } from '../contract/results.ts';
import type { Outcome } from '../contract/run.ts';

export const CELL_OUTCOMES: readonly CellOutcome[] = [
  'done',
  'empty',
  'failed',
  'blocked',
  'pending',
];

export const noCells = (): CellCounts => ({ done: 0, empty: 0, failed: 0, blocked: 0, pending: 0 });

export const totalCells = (cells: CellCounts): number =>
  CELL_OUTCOMES.reduce((sum, outcome) => sum + cells[outcome], 0);

/** Cells that ended without an answer. An empty cell is an answer: the provider found nothing. */
export const unanswered = (cells: CellCounts): number =>
  cells.failed + cells.blocked + cells.pending;

/** `completed` while no more than the tolerated share of cells is without an answer. */
export function outcomeOf(cells: CellCounts, tolerateFailed: number): Outcome {
  return unanswered(cells) <= totalCells(cells) * tolerateFailed ? 'completed' : 'partial';
}

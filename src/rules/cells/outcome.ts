import type { CellCounts, CountedOutcome } from '../../contract/results.ts';
import type { Outcome } from '../../contract/run.ts';
import { formatInteger } from '../../text/numbers.ts';

export const CELL_OUTCOMES: readonly CountedOutcome[] = [
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

/** Answers of a run that was cancelled, and where they are: `7 of 12 cells have an answer and are published`. */
export function publishedText(
  cells: CellCounts | null,
  { done, notPublished }: { done: readonly unknown[]; notPublished: readonly unknown[] },
): string {
  if (cells === null) return 'nothing was published';
  const total = totalCells(cells);
  const counts = `${formatInteger(total - unanswered(cells))} of ${formatInteger(total)} cells have an answer`;
  if (done.length > 0) return `${counts} and are published`;
  return notPublished.length === 0 ? counts : `${counts}, in the store only`;
}

/**
 * Returns the reason that results are partial:
 * `11 of 1,509 cells have no answer (6 failed, 4 blocked, 1 pending), more than run.tolerateFailed allows (0.5 %)`.
 */
export function partialReason(cells: CellCounts, tolerateFailed: number): string {
  const kinds = (['failed', 'blocked', 'pending'] as const).flatMap((kind) =>
    cells[kind] === 0 ? [] : [`${formatInteger(cells[kind])} ${kind}`],
  );
  const counts = `${formatInteger(unanswered(cells))} of ${formatInteger(totalCells(cells))} cells`;
  const percent = Number((tolerateFailed * 100).toFixed(3));
  return `${counts} have no answer (${kinds.join(', ')}), more than run.tolerateFailed allows (${percent} %)`;
}

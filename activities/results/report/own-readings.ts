import type { CellCounts } from '../../../src/contract/results.ts';
import type { Reading } from '../../../src/report/facts.ts';
import { totalCells } from '../../../src/rules/cells/outcome.ts';

/**
 * Reduces readings of a whole table to the cells that a run asked for. The provider counts inputs and
 * automatic columns as well: they are done first, since the others need them.
 *
 * @param cells Counts of the pipeline's columns at the end
 */
export function ownReadings(readings: readonly Reading[], cells: CellCounts): Reading[] {
  const asked = totalCells(cells);
  const own = asked + (cells.skipped ?? 0);
  return readings.map((reading) => {
    const others = Math.max(0, reading.total - own);
    const done = Math.max(0, Math.min(reading.done - others, asked));
    const inProgress = Math.min(reading.inProgress, asked - done);
    return { ...reading, total: asked, done, inProgress };
  });
}

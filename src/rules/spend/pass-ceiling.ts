import { byName } from '../../contract/by-name.ts';
import type { CellLimits } from '../cells/cell-set.ts';
import { weightOf } from './spend.ts';

/** Part of a pass that fits under the ceiling of a run. */
export type PassVerdict =
  | { fits: 'whole' }
  /** The pass fits in part: at most so many cells of each column. */
  | { fits: 'part'; limits: CellLimits }
  | { fits: 'nothing' };

/** Sums of binary fractions are off by less; no price is as small. */
const ROUNDING = 1e-9;

/**
 * Judges a pass before it is sent. Credits that are left go to the columns in their order, and in a
 * column to its first rows.
 * @param cells Columns in their order, each with the cells that the pass would ask for
 * @param weights Price of a cell in units; 1 where a column is left out
 * @param unitsLeft Units that the run may still ask for
 */
export function judgePass(
  cells: readonly (readonly [column: string, cells: number])[],
  weights: Readonly<Record<string, number>>,
  unitsLeft: number,
): PassVerdict {
  const limits = byName<number>();
  let left = Math.max(0, unitsLeft) + ROUNDING;
  let isWhole = true;
  let asked = 0;
  for (const [column, count] of cells) {
    const weight = weightOf(weights, column);
    const most = weight === 0 ? count : Math.min(count, Math.floor(left / weight));
    limits[column] = most;
    left -= most * weight;
    asked += most;
    isWhole &&= most === count;
  }
  if (isWhole) return { fits: 'whole' };
  return asked === 0 ? { fits: 'nothing' } : { fits: 'part', limits };
}

import type { ResultRow } from '../../../src/contract/results.ts';
import type { Evidence } from './evidence.ts';

/** What the conditions of a cell say: `unknown` where a column that they name has no answer. */
export type ByConditions = 'asked for' | 'skipped' | 'unknown';

/** Judges the conditions of a column on a row, of those kinds that our scripts have. */
export function byConditions(
  { pipeline }: Evidence,
  { key, cells }: Pick<ResultRow, 'key' | 'cells'>,
  column: string,
): ByConditions {
  let verdict: ByConditions = 'asked for';
  for (const [name, { matches, empty }] of Object.entries(pipeline.when?.[column] ?? {})) {
    const cell = cells[name];
    if (cell === undefined) {
      // The scripts name the key of the source only.
      if (matches !== undefined && !new RegExp(matches).test(key)) return 'skipped';
    } else if (cell.status !== 'done' && cell.status !== 'empty') {
      verdict = 'unknown';
    } else if (empty !== undefined && (cell.status === 'empty') !== empty) {
      return 'skipped';
    }
  }
  return verdict;
}

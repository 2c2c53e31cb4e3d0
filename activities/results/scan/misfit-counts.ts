import { byName } from '../../../src/contract/by-name.ts';
import type { Misfits, ResultCell } from '../../../src/contract/results.ts';
import { countMisfits, type Expectations } from '../../../src/rules/answers/expectations.ts';

/** Counts of answers that break expectations, gathered row by row. */
export class MisfitCounts {
  readonly byColumn: Record<string, Misfits> = byName();
  readonly #expected: Expectations;

  constructor(expected: Expectations) {
    this.#expected = expected;
  }

  /** @param cells JSON of the cells of a row */
  count(cells: string): void {
    // Written by classifyTableRow in this shape.
    const row = JSON.parse(cells) as Record<string, ResultCell>;
    for (const [column, expectation] of Object.entries(this.#expected)) {
      const cell = Object.hasOwn(row, column) ? row[column] : undefined;
      if (cell?.status !== 'done') continue;
      countMisfits((this.byColumn[column] ??= {}), cell.value, expectation);
    }
  }
}

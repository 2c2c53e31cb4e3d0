import type { Json } from '../../src/contract/json.ts';
import type { CellOutcome, ResultRow } from '../../src/contract/results.ts';

/** Cell without an answer, and its status. */
export class Missing {
  readonly status: CellOutcome;
  constructor(status: CellOutcome) {
    this.status = status;
  }
}

/** A row whose cells hold the answers, or miss them. */
export const resultRow = (
  key: string,
  input: Record<string, Json>,
  answers: Record<string, Json | Missing>,
): ResultRow => {
  const outcomes = Object.entries(answers).map(([column, answer]) => {
    const isMissing = answer instanceof Missing;
    const cell = { status: isMissing ? answer.status : 'done', value: isMissing ? null : answer };
    return [column, cell] as const;
  });
  return {
    key,
    rowId: `row-${key}`,
    input,
    cells: Object.fromEntries(outcomes),
    complete: outcomes.every(([, { status }]) => status === 'done'),
  };
};

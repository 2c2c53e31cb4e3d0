import type { ScanResult } from '../contract/results.ts';
import { formatInteger } from './whole.ts';

/** Cautions for users of the results. Left out: none. */
export interface Cautions {
  tableChangedDuringScan?: true;
  rowsUnreadable?: number;
  balanceProblem?: string;
}

export const cautionsOf = (
  found: ScanResult | null,
  prepared: { balanceProblem?: string } | null,
): Cautions => ({
  ...(found?.tableChangedDuringScan === true ? { tableChangedDuringScan: true } : {}),
  ...(found?.rowsUnreadable === undefined ? {} : { rowsUnreadable: found.rowsUnreadable }),
  ...(prepared?.balanceProblem === undefined ? {} : { balanceProblem: prepared.balanceProblem }),
});

/** Facts for the operator as name and text. */
export function cautionFacts(cautions: Cautions & { sameTarget?: string[] }): [string, string][] {
  const { tableChangedDuringScan, rowsUnreadable = 0, balanceProblem, sameTarget = [] } = cautions;
  const facts: string[] = [];
  if (tableChangedDuringScan === true) facts.push('the table kept changing while it was read');
  if (rowsUnreadable > 0) {
    facts.push(
      `${formatInteger(rowsUnreadable)} ${rowsUnreadable === 1 ? 'row' : 'rows'} could not be read`,
    );
  }
  if (balanceProblem !== undefined) facts.push('the balance of the account cannot be read');
  for (const id of sameTarget.slice(0, MAX_NAMED)) {
    facts.push(`same place for results as run ${id}`);
  }
  return facts.map((fact) => ['caution', fact]);
}

const MAX_NAMED = 3;

import type { Collection } from '../contract/results.ts';
import { whole } from './whole.ts';

/** What somebody who uses the results should know of how they were read; left out where there is nothing. */
export interface Cautions {
  changedWhileRead?: true;
  rowsUnreadable?: number;
  balanceProblem?: string;
}

export const cautionsOf = (
  found: Collection | null,
  prepared: { balanceProblem?: string } | null,
): Cautions => ({
  ...(found?.changedWhileRead === true ? { changedWhileRead: true } : {}),
  ...(found?.rowsUnreadable === undefined ? {} : { rowsUnreadable: found.rowsUnreadable }),
  ...(prepared?.balanceProblem === undefined ? {} : { balanceProblem: prepared.balanceProblem }),
});

/** For people: a name and what is to be known. */
export function cautionFacts(cautions: Cautions & { sameTarget?: string[] }): [string, string][] {
  const { changedWhileRead, rowsUnreadable = 0, balanceProblem, sameTarget = [] } = cautions;
  const facts: string[] = [];
  if (changedWhileRead === true) facts.push('the table kept changing while it was read');
  if (rowsUnreadable > 0) {
    facts.push(
      `${whole(rowsUnreadable)} ${rowsUnreadable === 1 ? 'row' : 'rows'} could not be read`,
    );
  }
  if (balanceProblem !== undefined) facts.push('the balance of the account cannot be read');
  for (const id of sameTarget.slice(0, MOST_NAMED)) {
    facts.push(`same place for results as run ${id}`);
  }
  return facts.map((fact) => ['caution', fact]);
}

const MOST_NAMED = 3;

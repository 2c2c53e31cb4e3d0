import type { Collection } from '../contract/results.ts';

/** What somebody who uses the results should know of how they were read; left out where there is nothing. */
export interface Cautions {
  changedWhileRead?: true;
}

export const cautionsOf = (found: Collection | null): Cautions =>
  found?.changedWhileRead === true ? { changedWhileRead: true } : {};

/** For people: a name and what is to be known. */
export const cautionFacts = ({
  changedWhileRead,
  sameTarget = [],
}: Cautions & { sameTarget?: string[] }): [string, string][] => [
  ...(changedWhileRead === true ? [CHANGED] : []),
  ...sameTarget
    .slice(0, MOST_NAMED)
    .map((id): [string, string] => ['caution', `same place for results as run ${id}`]),
];

const CHANGED: [string, string] = ['caution', 'the table kept changing while it was read'];
const MOST_NAMED = 3;

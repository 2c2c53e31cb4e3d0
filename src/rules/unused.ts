import type { Collection } from '../contract/results.ts';
import type { RunSummary } from '../contract/run.ts';

/** What a run sent in vain; left out where there is nothing of it. */
export type Unused = Pick<RunSummary, 'rowsLeftOut' | 'cellsGivenBack'>;

export function unusedOf(found: Collection | null, cellsGivenBack = 0): Unused {
  const rowsLeftOut = found?.rowsLeftOut ?? 0;
  return {
    ...(rowsLeftOut === 0 ? {} : { rowsLeftOut }),
    ...(cellsGivenBack === 0 ? {} : { cellsGivenBack }),
  };
}

/** For people: a name and what is to be known, where there is anything. */
export function unusedFacts({ rowsLeftOut = 0, cellsGivenBack = 0 }: Unused): [string, string][] {
  const facts: [string, string][] = [];
  if (rowsLeftOut > 0) {
    const rows = counted(rowsLeftOut, 'row');
    facts.push(['left out', `${rows} landed twice: never run or published`]);
  }
  if (cellsGivenBack > 0) {
    facts.push(['given back', `${counted(cellsGivenBack, 'cell')}, asked for and never begun`]);
  }
  return facts;
}

const counted = (count: number, what: string): string =>
  `${count.toLocaleString('en-US')} ${what}${count === 1 ? '' : 's'}`;

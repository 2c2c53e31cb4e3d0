import type { Collection } from '../contract/results.ts';
import type { RunSummary } from '../contract/run.ts';

/** What a run sent in vain; left out where there is nothing of it. */
export type Unused = Pick<RunSummary, 'rowsLeftOut' | 'cellsGivenBack' | 'givenBackAtLeast'>;

/** What is known of it while a run goes on; an older version may leave out the last two. */
export interface Known {
  found: Collection | null;
  cellsGivenBack?: number;
  givenBackAtLeast?: boolean;
}

export function unusedOf({ found, cellsGivenBack = 0, givenBackAtLeast = false }: Known): Unused {
  const rowsLeftOut = found?.rowsLeftOut ?? 0;
  return {
    ...(rowsLeftOut === 0 ? {} : { rowsLeftOut }),
    ...(cellsGivenBack === 0 ? {} : { cellsGivenBack }),
    ...(givenBackAtLeast ? { givenBackAtLeast } : {}),
  };
}

/** For people: a name and what is to be known, where there is anything. */
export function unusedFacts(unused: Unused): [string, string][] {
  const { rowsLeftOut = 0, cellsGivenBack = 0, givenBackAtLeast = false } = unused;
  const facts: [string, string][] = [];
  if (rowsLeftOut > 0) {
    const rows = counted(rowsLeftOut, 'row');
    facts.push(['left out', `${rows} landed twice: never run or published`]);
  }
  if (cellsGivenBack > 0) {
    const cells = `${givenBackAtLeast ? 'at least ' : ''}${counted(cellsGivenBack, 'cell')}`;
    facts.push(['given back', `${cells}, asked for and never begun`]);
  } else if (givenBackAtLeast) {
    facts.push(['given back', 'not known: the reply to a cancel was lost']);
  }
  return facts;
}

const counted = (count: number, what: string): string =>
  `${count.toLocaleString('en-US')} ${what}${count === 1 ? '' : 's'}`;

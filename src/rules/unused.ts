import type { ScanResult } from '../contract/results.ts';
import type { RunSummary } from '../contract/run.ts';

/** Requests of a run that brought no results. Left out: none. */
export type UnusedWork = Pick<
  RunSummary,
  'duplicateRows' | 'cellsCancelled' | 'cellsCancelledIsMinimum'
>;

/** Unused work of a run under way. */
export interface KnownUnused {
  lastScan: ScanResult | null;
  cellsCancelled: number;
  cellsCancelledIsMinimum: boolean;
}

export function unusedOf({
  lastScan,
  cellsCancelled,
  cellsCancelledIsMinimum,
}: KnownUnused): UnusedWork {
  const duplicateRows = lastScan?.duplicateRows ?? 0;
  return {
    ...(duplicateRows === 0 ? {} : { duplicateRows }),
    ...(cellsCancelled === 0 ? {} : { cellsCancelled }),
    ...(cellsCancelledIsMinimum ? { cellsCancelledIsMinimum } : {}),
  };
}

/** Facts for the operator as name and text, where there are any. */
export function unusedFacts(unused: UnusedWork): [string, string][] {
  const { duplicateRows = 0, cellsCancelled = 0, cellsCancelledIsMinimum = false } = unused;
  const facts: [string, string][] = [];
  if (duplicateRows > 0) {
    const rows = counted(duplicateRows, 'row');
    facts.push(['duplicates', `${rows} added twice: never run or published`]);
  }
  if (cellsCancelled > 0) {
    const cells = `${cellsCancelledIsMinimum ? 'at least ' : ''}${counted(cellsCancelled, 'cell')}`;
    facts.push(['cancelled', `${cells}, requested and never started`]);
  } else if (cellsCancelledIsMinimum) {
    facts.push(['cancelled', 'unknown: the reply to a cancel was lost']);
  }
  return facts;
}

const counted = (count: number, what: string): string =>
  `${count.toLocaleString('en-US')} ${what}${count === 1 ? '' : 's'}`;

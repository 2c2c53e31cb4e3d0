import type { Estimate } from '../../client/pipelines/estimate.ts';
import {
  repeatedInputsOf,
  rowsWarnings,
  type RepeatedInputs,
} from '../../client/pipelines/rows-warnings.ts';
import type { Pipeline } from '../../contract/pipeline.ts';
import type { Snapshot } from '../../sources/snapshot.ts';
import type { Cli } from './context.ts';
import { formatInteger } from './format.ts';

/** Facts about the rows of a pipeline beyond their number. */
export interface RowsReport {
  warnings: string[];
  /** Rows left out by `rows.skipBad`; `null`: none. */
  badRows: Snapshot['bad'];
  /** Later rows of a key, left out by `rows.duplicates`; `null`: none. */
  repeatedKeys: Snapshot['repeatedKeys'];
  /** Rows with the same inputs as an earlier row, and their estimated credits. */
  repeatedInputs: RepeatedInputs;
  /** Source columns that the results include. */
  keeps: string[];
}

export const rowsReport = (snapshot: Snapshot, estimate: Estimate): RowsReport => ({
  warnings: snapshot.warnings,
  badRows: snapshot.bad,
  repeatedKeys: snapshot.repeatedKeys,
  repeatedInputs: repeatedInputsOf(snapshot, estimate),
  keeps: snapshot.kept,
});

/** Prints warnings on standard error, before anything is paid. */
export function printWarnings(cli: Cli, warnings: readonly string[]): void {
  for (const text of warnings) cli.log(`${cli.style('yellow', 'warning')} ${text}`);
}

export const printRowsWarnings = (cli: Cli, rows: Snapshot, estimate: Estimate): void =>
  printWarnings(cli, rowsWarnings(rows, estimate));

/** Lists the kept columns: `owner, segment, … (12 in all)`. */
export function keptText(keeps: readonly string[], { rows }: Pipeline): string {
  const shown = keeps.slice(0, MAX_NAMED).join(', ');
  const more = keeps.length > MAX_NAMED ? `, … (${formatInteger(keeps.length)} in all)` : '';
  const how = rows.keep === undefined || rows.keep === 'all' ? '' : ' (rows.keep)';
  return `${shown === '' ? 'none' : shown}${more}${how}`;
}

const MAX_NAMED = 8;

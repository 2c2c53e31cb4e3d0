import type { Estimate } from '../../client/pipelines/estimate.ts';
import type { Pipeline } from '../../contract/pipeline.ts';
import type { Snapshot } from '../../sources/snapshot.ts';
import type { Cli } from './context.ts';
import { formatCount, formatInteger } from './format.ts';

/** What there is to say about the rows of a pipeline beyond their number. */
export interface RowsReport {
  warnings: string[];
  /** Left out by `rows.skipBad`; `null`: none. */
  badRows: Snapshot['bad'];
  /** Rows that ask what a row before them asks, and about what they cost. */
  repeatedInputs: { exact: number; alike: number; credits: number };
  /** Columns of the source that come back with the results. */
  keeps: string[];
}

export function rowsReport(snapshot: Snapshot, estimate: Estimate): RowsReport {
  const { exact, alike } = snapshot.repeats ?? { exact: 0, alike: 0 };
  const { rows, credits } = estimate;
  return {
    warnings: snapshot.warnings,
    badRows: snapshot.bad,
    repeatedInputs: { exact, alike, credits: rows === 0 ? 0 : (credits / rows) * (exact + alike) },
    keeps: snapshot.kept,
  };
}

/** On standard error, before anything is paid. */
export function sayRows(cli: Cli, report: RowsReport): void {
  const texts = [...report.warnings, ...badText(report), ...repeatedText(report)];
  for (const text of texts) cli.log(`${cli.style('yellow', 'warning')} ${text}`);
}

function badText({ badRows }: RowsReport): string[] {
  if (badRows === null) return [];
  const { rows, of, problems } = badRows;
  const isOne = rows === 1;
  const head = `${formatInteger(rows)} of ${formatCount(of, 'row')} cannot be used and ${isOne ? 'is' : 'are'} left out (rows.skipBad), named in the quarantine:`;
  return [[head, ...problems.map((problem) => `  ${problem}`)].join('\n')];
}

function repeatedText({ repeatedInputs }: RowsReport): string[] {
  const { exact, alike, credits } = repeatedInputs;
  if (exact + alike === 0) return [];
  const asks = exact + alike === 1 ? 'asks' : 'ask';
  const but =
    alike === 0 ? '' : ` (${formatInteger(alike)} but for case, https://, www. or a last slash)`;
  return [
    `${formatCount(exact + alike, 'row')} ${asks} what a row before ${asks === 'ask' ? 'them' : 'it'} asks${but}: about ${formatCount(credits, 'credit')}`,
  ];
}

/** `owner, segment, … (12 in all)`; what a pipeline keeps, for people. */
export function keptText(keeps: readonly string[], { rows }: Pipeline): string {
  const shown = keeps.slice(0, MAX_NAMED).join(', ');
  const more = keeps.length > MAX_NAMED ? `, … (${formatInteger(keeps.length)} in all)` : '';
  const how = rows.keep === undefined || rows.keep === 'all' ? '' : ' (rows.keep)';
  return `${shown === '' ? 'none' : shown}${more}${how}`;
}

const MAX_NAMED = 8;

import { CHANGE_KINDS, type ExistingResults } from '../../contract/results.ts';
import type { PreviousRunSummary, Outcome, RunSummary } from '../../contract/run.ts';
import { EXIT } from '../../errors.ts';
import { canaryText } from '../../text/canary.ts';
import { expectationFacts } from '../../text/expectations.ts';
import {
  approvalFacts,
  cautionFacts,
  ceilingText,
  notifiedFacts,
  unusedFacts,
  usageText,
} from '../../text/run-facts.ts';
import type { Estimate } from '../../client/pipelines/estimate.ts';
import { CEILING_VARIABLES } from '../../client/pipelines/spend-ceiling.ts';
import { incrementalText, nightText } from './night.ts';
import { sanitize } from './sanitize.ts';
import { formatCount, shortPath, formatBytes, formatInteger } from './format.ts';
import type { Cli } from './context.ts';

/** A cancelled run did not complete. */
const EXIT_OF: Record<Outcome, number> = {
  completed: EXIT.completed,
  partial: EXIT.partial,
  failed: EXIT.failed,
  cancelled: EXIT.failed,
};

type Fact = [string, string];

/** Formats the summary of a run, with the same facts as `--json`. */
export function summaryText(summary: RunSummary, ui: string | null): string {
  const { cells, apiCalls, results, quarantine, manifest } = summary;
  const asked = cells.done + cells.empty + cells.failed + cells.blocked + cells.pending;
  const counts = [
    `${formatInteger(cells.done)} done`,
    ...(['empty', 'failed', 'blocked', 'pending', 'skipped'] as const).flatMap((outcome) =>
      (cells[outcome] ?? 0) === 0 ? [] : [`${formatInteger(cells[outcome] ?? 0)} ${outcome}`],
    ),
  ];
  const facts: Fact[] = [
    ...(summary.reason === null ? [] : [['why', sanitize(summary.reason)] satisfies Fact]),
    ['rows', formatInteger(summary.rows)],
    ['cells', `${formatInteger(asked)}: ${counts.join(', ')}`],
    ['passes', formatInteger(summary.passes)],
    ...nightFacts(summary),
    [
      'API calls',
      `${formatInteger(apiCalls.total)}, ${formatInteger(apiCalls.polls)} of them polls`,
    ],
    ...costs(summary),
    ...(summary.ceiling === undefined
      ? []
      : [['ceiling', ceilingText(summary.ceiling)] satisfies Fact]),
    ...(summary.budget === undefined
      ? []
      : [
          [
            'day budget',
            `${summary.budget.name}, ${formatCount(summary.budget.credits, 'credit')} reserved`,
          ] satisfies Fact,
        ]),
    ...approvalFacts(summary, sanitize),
    ...results.map(({ path, rows, bytes }): [string, string] => [
      'results',
      `${shortPath(path)} (${formatCount(rows, 'row')}, ${formatBytes(bytes)})`,
    ]),
    ...(summary.tables ?? []).map(({ to, rows }): [string, string] => [
      'results',
      `${to} (${formatCount(rows, 'row')})`,
    ]),
  ];
  const { stillRunning, previousRun } = summary;
  if (stillRunning !== null) {
    const { cells: going, tableUrl, tableId } = stillRunning;
    const place = tableUrl ?? `table ${tableId}`;
    facts.push([
      'still costs',
      `${formatCount(going, 'cell')} in flight at the provider, ${place}`,
    ]);
  }
  facts.push(
    ...cautionFacts(summary, sanitize),
    ...unusedFacts(summary),
    ...notifiedFacts(summary),
  );
  if (previousRun !== null) facts.push(['before', beforeText(previousRun)]);
  if (quarantine !== null) {
    const { path } = quarantine;
    const rows =
      quarantine.rows === undefined ? '' : `, ${formatCount(quarantine.rows, 'row')} left out`;
    facts.push([
      'quarantine',
      `${shortPath(path)} (${formatCount(quarantine.cells, 'cell')}${rows})`,
    ]);
  }
  const { canary } = summary;
  if (canary !== undefined) facts.push(['canary', sanitize(canaryText(canary))]);
  facts.push(
    ...expectationFacts(summary.expectations, sanitize),
    ...changeFacts(summary),
    ...targetFacts(summary),
  );
  if (summary.report !== undefined) facts.push(['report', shortPath(summary.report)]);
  if (manifest !== null) facts.push(['manifest', shortPath(manifest)]);
  if (ui !== null) facts.push(['Temporal UI', ui]);
  const lines = facts.map(([name, value]) => `  ${name.padEnd(12)}${value}`);
  return [`${summary.workflowId} ${summary.outcome}`, ...lines].join('\n');
}

/** Describes a run on a lasting table, and edits at the provider that it found. */
function nightFacts({ incremental }: RunSummary): Fact[] {
  if (incremental === undefined) return [];
  const { rowsDrifted = 0, columnsWaiting = [], columnsDrifted = [] } = incremental;
  return [
    ['this night', incrementalText(incremental)],
    ...(rowsDrifted === 0
      ? []
      : [
          [
            'caution',
            `inputs of ${formatCount(rowsDrifted, 'row')} were edited at the provider; rowmill apply FILE overwrites them`,
          ] satisfies Fact,
        ]),
    ...(columnsDrifted.length === 0
      ? []
      : [
          [
            'caution',
            `edited at the provider: ${sanitize(columnsDrifted.join(', '))}; rowmill apply FILE overwrites them`,
          ] satisfies Fact,
        ]),
    ...(columnsWaiting.length === 0
      ? []
      : [
          [
            'caution',
            `changed in the file, not in the table: ${sanitize(columnsWaiting.join(', '))}; see rowmill plan FILE`,
          ] satisfies Fact,
        ]),
  ];
}

/** Counts rows that differ from the publication before, or says why they are not known. */
function changeFacts({ changes, changesProblem }: RunSummary): Fact[] {
  if (changes === undefined) {
    return changesProblem === undefined ? [] : [['caution', `no changes: ${changesProblem}`]];
  }
  const { path, since } = changes;
  const counts = CHANGE_KINDS.flatMap((kind) =>
    changes[kind] === 0 ? [] : [`${formatInteger(changes[kind])} ${kind}`],
  );
  const what = counts.length === 0 ? 'none' : counts.join(', ');
  return [
    [
      'changes',
      `${shortPath(path)} (${what}; ${since === null ? 'first publication' : `since ${since}`})`,
    ],
  ];
}

/** Lists targets that kept earlier results, or replaced more complete ones. */
function targetFacts({ notPublished = [], replacedFuller = [] }: RunSummary): [string, string][] {
  return [
    ...notPublished.map(({ path, reason, existing }): [string, string] => [
      'not here',
      `${shortPath(path)}: ${reason}${existing === null ? '' : ` (${formerText(existing)})`}`,
    ]),
    ...replacedFuller.map(({ path, existing }): [string, string] => [
      'caution',
      `${shortPath(path)} had more answers: ${formerText(existing)}`,
    ]),
  ];
}

const formerText = ({ workflowId, outcome, answered }: ExistingResults): string =>
  `${workflowId ?? 'another run'} ${outcome}, ${formatCount(answered, 'cell')} answered`;

/** Formats credits by the requested cells, and the price by the provider's usage, if reported. */
function costs({ creditsSpent, estimatedCredits, balanceChange, usage }: RunSummary): Fact[] {
  const estimated = `; about ${formatInteger(estimatedCredits)} were estimated`;
  const lines: Fact[] = [
    ['credits', `${formatInteger(creditsSpent)} by cells asked for${estimated}`],
  ];
  if (balanceChange !== null) {
    const by = `${balanceChange > 0 ? '+' : ''}${formatInteger(balanceChange)}`;
    lines.push(['balance', `${by} since the start, other work on the account included`]);
  }
  if (usage !== null) lines.push(['price', usageText(usage)]);
  return lines;
}

/** Describes how the run before a rerun ended, for comparison. */
function beforeText({ workflowId, outcome, cells }: PreviousRunSummary): string {
  if (cells === null) return workflowId;
  const open = cells.failed + cells.blocked + cells.pending;
  return `${workflowId} ${outcome ?? 'ended'}: ${formatInteger(cells.done)} done, ${formatInteger(open)} open`;
}

/** Returns the command most likely needed next. */
export function nextCommand(summary: RunSummary, embedded: boolean): string {
  const { workflowId, outcome, quarantine, tableId } = summary;
  const here = embedded ? ' --embedded' : '';
  const again = `rowmill rerun ${workflowId}${here}`;
  // Nothing was requested, so there is nothing to continue.
  if (tableId === null && outcome !== 'completed') {
    return `rowmill run FILE --id ${workflowId}${here}`;
  }
  if (outcome === 'cancelled') return `rowmill results ${workflowId}, or ${again}`;
  if (quarantine !== null) {
    const look = `less ${shortPath(quarantine.path)}`;
    return outcome === 'partial' ? `${look}, or ${again}` : look;
  }
  return outcome === 'partial' ? again : `rowmill results ${workflowId} --format csv`;
}

/** Names the kind of an estimate: columns with conditions may cost less. */
export const aboutOf = ({ isMaximum }: Estimate): string =>
  isMaximum === true ? 'at most' : 'about';

/** Formats the estimate and its limits in one line. */
export function estimateLine(estimate: Estimate): string {
  const limits = limitTexts(estimate);
  const paid = estimate.columns.filter(({ paid }) => paid).length;
  const every = `${formatCount(estimate.rows, 'row')} × ${formatCount(paid, 'paid column')}`;
  const what = estimate.night === undefined ? every : nightText(estimate.night);
  const tail = limits.length === 0 ? '' : ` (${limits.join(', ')})`;
  return `${what}: ${aboutOf(estimate)} ${formatCount(estimate.credits, 'credit')}${tail}`;
}

/** Lists the limits in effect; those of the owner with their variables. */
export function limitTexts({ spend, ceiling }: Estimate): string[] {
  const { maxCredits, approveAbove, creditsPerCell, perDay, onCeiling } = spend;
  const named = (name: keyof typeof CEILING_VARIABLES): string =>
    ceiling[name] !== undefined && ceiling[name] === spend[name]
      ? ` (${CEILING_VARIABLES[name]})`
      : '';
  const price = named('creditsPerCell');
  return [
    ...(maxCredits === undefined
      ? []
      : [
          `limit ${formatInteger(maxCredits)}${named('maxCredits')}${onCeiling === undefined ? '' : ` (${onCeiling})`}`,
        ]),
    ...(approveAbove === undefined
      ? []
      : [`approval above ${formatInteger(approveAbove)}${named('approveAbove')}`]),
    ...(perDay === undefined
      ? []
      : [`day budget ${perDay.budget}: ${formatInteger(perDay.maxCredits)} (${perDay.timezone})`]),
    ...(price === '' ? [] : [`${creditsPerCell} a cell${price}`]),
  ];
}

/** Prints the summary of a run on stdout, and sets the exit code. */
export function printSummary(
  cli: Cli,
  summary: RunSummary,
  { ui, json, embedded = false }: { ui: string | null; json: boolean; embedded?: boolean },
): void {
  if (json) cli.json({ ...summary, ui });
  else {
    // The UI of an embedded run ends with it.
    cli.print(summaryText(summary, embedded ? null : ui));
    cli.log(`Next: ${nextCommand(summary, embedded)}`);
  }
  cli.exitWith(EXIT_OF[summary.outcome]);
}

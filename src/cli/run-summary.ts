import type { FormerResults } from '../contract/results.ts';
import type { Before, Outcome, RunSummary } from '../contract/run.ts';
import { EXIT } from '../errors.ts';
import { allowedFacts } from '../rules/allowed.ts';
import { cautionFacts } from '../rules/cautions.ts';
import { notifiedFacts } from '../rules/notified.ts';
import { unusedFacts } from '../rules/unused.ts';
import { usageText } from '../rules/usage.ts';
import { printable } from './printable.ts';
import { count, shortPath, size, whole } from './figures.ts';

/** A cancelled run did not complete. */
export const EXIT_OF: Record<Outcome, number> = {
  completed: EXIT.completed,
  partial: EXIT.partial,
  failed: EXIT.failed,
  cancelled: EXIT.failed,
};

type Fact = [string, string];

/** What came of a run, for people; the same facts as `--json`. */
export function summaryText(summary: RunSummary, ui: string | null): string {
  const { cells, apiCalls, results, quarantine, manifest } = summary;
  const asked = cells.done + cells.empty + cells.failed + cells.blocked + cells.pending;
  const counts = [
    `${whole(cells.done)} done`,
    ...(['empty', 'failed', 'blocked', 'pending'] as const).flatMap((outcome) =>
      cells[outcome] === 0 ? [] : [`${whole(cells[outcome])} ${outcome}`],
    ),
  ];
  const facts: Fact[] = [
    ...(summary.reason === null ? [] : [['why', printable(summary.reason)] satisfies Fact]),
    ['rows', whole(summary.rows)],
    ['cells', `${whole(asked)}: ${counts.join(', ')}`],
    ['passes', whole(summary.passes)],
    ['API calls', `${whole(apiCalls.total)}, ${whole(apiCalls.polls)} of them polls`],
    ...costs(summary),
    ...allowedFacts(summary, printable),
    ...results.map(({ path, rows, bytes }): [string, string] => [
      'results',
      `${shortPath(path)} (${count(rows, 'row')}, ${size(bytes)})`,
    ]),
  ];
  // A run of an older worker does not say.
  const { stillRunning = null, before = null } = summary as Partial<RunSummary>;
  if (stillRunning !== null) {
    const { cells: going, tableUrl, tableId } = stillRunning;
    const place = tableUrl ?? `table ${tableId}`;
    facts.push(['still costs', `${count(going, 'cell')} in flight at the provider, ${place}`]);
  }
  facts.push(...cautionFacts(summary), ...unusedFacts(summary), ...notifiedFacts(summary));
  if (before !== null) facts.push(['before', beforeText(before)]);
  if (quarantine !== null) {
    const { path } = quarantine;
    const rows = quarantine.rows === undefined ? '' : `, ${count(quarantine.rows, 'row')} left out`;
    facts.push(['quarantine', `${shortPath(path)} (${count(quarantine.cells, 'cell')}${rows})`]);
  }
  facts.push(...targetFacts(summary));
  if (manifest !== null) facts.push(['manifest', shortPath(manifest)]);
  if (ui !== null) facts.push(['Temporal UI', ui]);
  const lines = facts.map(([name, value]) => `  ${name.padEnd(12)}${value}`);
  return [`${summary.workflowId} ${summary.outcome}`, ...lines].join('\n');
}

/** Targets that kept what they had, or lost what was fuller. */
function targetFacts({ notPublished = [], replacedFuller = [] }: RunSummary): [string, string][] {
  return [
    ...notPublished.map(({ path, why, there }): [string, string] => [
      'not here',
      `${shortPath(path)}: ${why}${there === null ? '' : ` (${formerText(there)})`}`,
    ]),
    ...replacedFuller.map(({ path, there }): [string, string] => [
      'caution',
      `${shortPath(path)} had more answers: ${formerText(there)}`,
    ]),
  ];
}

const formerText = ({ workflowId, outcome, answered }: FormerResults): string =>
  `${workflowId} ${outcome}, ${count(answered, 'cell')} answered`;

/** Credits by the cells asked for; price by the provider's own account of the cells, where it gives one. */
function costs({ creditsSpent, estimatedCredits, balanceChange, usage }: RunSummary): Fact[] {
  const estimated =
    estimatedCredits === undefined ? '' : `; about ${whole(estimatedCredits)} were estimated`;
  const lines: Fact[] = [['credits', `${whole(creditsSpent)} by cells asked for${estimated}`]];
  if (balanceChange !== null) {
    const by = `${balanceChange > 0 ? '+' : ''}${whole(balanceChange)}`;
    lines.push(['balance', `${by} since the start, other work on the account included`]);
  }
  if (usage !== null) lines.push(['price', usageText(usage)]);
  return lines;
}

/** Of a rerun: how the run before it had ended, so that the difference can be seen. */
function beforeText({ workflowId, outcome, cells }: Before): string {
  if (cells === null) return workflowId;
  const open = cells.failed + cells.blocked + cells.pending;
  return `${workflowId} ${outcome ?? 'ended'}: ${whole(cells.done)} done, ${whole(open)} open`;
}

/** The command that is probably wanted next. */
export function nextCommand(summary: RunSummary, embedded: boolean): string {
  const { workflowId, outcome, quarantine, tableId } = summary;
  const here = embedded ? ' --embedded' : '';
  const again = `rowmill rerun ${workflowId}${here}`;
  // Nothing was asked for: there is nothing to go on with.
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

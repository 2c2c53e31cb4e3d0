import type { RunProgress } from '../../src/contract/run.ts';
import {
  approvalFacts,
  approvalRequestText,
  budgetCommand,
  budgetText,
  ceilingText,
  cautionFacts,
  failedText,
  unusedFacts,
  PRICE_IS_OF,
  knownPriceText,
  tokensText,
} from '../../src/text/run-facts.ts';
import { inlineCode, escapeForFence, link } from '../../src/text/markdown.ts';
import { formatDuration, formatTime, formatInteger } from '../../src/text/numbers.ts';

const BAR_CELLS = 30;

/** The current details in the Temporal UI: Markdown, with columns aligned in a fenced block. */
export function renderDetails(progress: RunProgress, workflowId = 'RUN'): string {
  return [
    `### ${headline(progress)}`,
    '',
    ...bar(progress.cells),
    ...fence(facts(progress)),
    ...columnLines(progress),
    ...notes(progress, workflowId).flatMap((note) => ['', note]),
    '',
    ...links(progress),
  ].join('\n');
}

function bar({ done, total }: RunProgress['cells']): string[] {
  if (total === 0) return [];
  const share = Math.min(1, done / total);
  const full = Math.floor(share * BAR_CELLS);
  const drawn = '█'.repeat(full) + '░'.repeat(BAR_CELLS - full);
  return [`\`${drawn}\` ${Math.floor(share * 100)} %`, ''];
}

function headline({ outcome, stage, pass }: RunProgress): string {
  return outcome ?? (pass > 1 ? `${stage}, pass ${pass}` : stage);
}

type Fact = readonly [string, string | null];

/** Lines of 64 characters at most: the UI cuts off what does not fit into half a window. */
function facts(progress: RunProgress): Fact[] {
  const { cellsPerMinute, apiCalls, usage } = progress;
  return [
    ['rows', rowsLine(progress)],
    ...cellFacts(progress),
    ['rate', cellsPerMinute === null ? null : `${formatInteger(cellsPerMinute)} cells/min`],
    ['time left', progress.leftMs === null ? null : formatDuration(progress.leftMs)],
    ['credits', creditsLine(progress)],
    ['ceiling', progress.ceiling === undefined ? null : ceilingText(progress.ceiling)],
    ['price', usage === null ? null : `${knownPriceText(usage)} (${PRICE_IS_OF})`],
    ['tokens', usage === null ? null : tokensText(usage)],
    ...approvalFacts(progress, escapeForFence),
    // Warnings of the source begin with its path and do not fit here: status has them.
    ...cautionFacts({ ...progress, sourceWarnings: [] }, escapeForFence),
    ...unusedFacts(progress),
    [
      'API calls',
      `${formatInteger(apiCalls.total)}, ${formatInteger(apiCalls.polls)} of them polls`,
    ],
    ['polls', `at most ${formatDuration(progress.maxPollIntervalMs)} apart`],
    ['as of', `${formatTime(progress.asOfMs)}${newer(progress)}`],
    ['deadline', formatTime(progress.deadlineAtMs)],
  ];
}

/** Points to the heartbeats, which the UI shows with the step that waits. */
const newer = ({ stage }: RunProgress): string =>
  stage === 'running' ? ' (newer: pending activity)' : '';

/** The run's folder is named as soon as its rows are in there. */
function rowsLine({ rows, folder, outcome }: RunProgress): string | null {
  if (folder !== null) return formatInteger(rows);
  return outcome === null ? 'being checked' : null;
}

/** The number of cells is unknown until the table exists: a provider adds columns of its own. */
function cellFacts(progress: RunProgress): Fact[] {
  const { cells, tableId, outcome } = progress;
  if (tableId === null)
    return [['cells', `none${outcome === null ? ' yet' : ''}: there is no table`]];
  const left = Math.max(0, cells.total - cells.done - (cells.failed ?? 0));
  return [
    ['cells done', `${formatInteger(cells.done)} of ${formatInteger(cells.total)}`],
    ['failed', failedText(progress) ?? 'known when the table is read'],
    ['left', formatInteger(left)],
    ['in progress', cells.inProgress === 0 ? null : formatInteger(cells.inProgress)],
  ];
}

function creditsLine(progress: RunProgress): string {
  const { estimatedCredits, creditsBefore, creditsSpent } = progress;
  const estimated = `${formatInteger(estimatedCredits)} estimated`;
  if (creditsSpent > 0) return `${estimated}; ${formatInteger(creditsSpent)} by cells asked for`;
  return creditsBefore === null
    ? estimated
    : `${estimated}; the account had ${formatInteger(creditsBefore)}`;
}

/** Formats the columns as of the last table scan. */
function columnLines(progress: RunProgress): string[] {
  const columns = Object.entries(progress.byColumn);
  if (columns.length === 0) return [];
  const width = Math.max(6, ...columns.map(([key]) => key.length));
  const row = (cells: readonly string[]): string =>
    cells.map((cell, at) => (at === 0 ? cell.padEnd(width) : cell.padStart(9))).join('');
  return [
    '',
    '```',
    row(['column', 'done', 'empty', 'failed', 'blocked', 'left']),
    ...columns.map(([key, c]) =>
      row([
        escapeForFence(key),
        ...[c.done, c.empty, c.failed, c.blocked, c.pending].map(formatInteger),
      ]),
    ),
    '```',
  ];
}

/** Formats notes for the operator: state and available actions, by their names in the UI. */
function notes(progress: RunProgress, workflowId: string): string[] {
  const { stage, paused, cells, creditsMissing, outcome } = progress;
  const out: string[] = [];
  const inFlight =
    cells.inProgress === 0 ? 'Cells in flight' : `${formatInteger(cells.inProgress)} cells`;
  if (paused !== null) {
    const by = paused.by === null ? '' : ` by ${inlineCode(paused.by)}`;
    const why = paused.reason === null ? '' : `: ${inlineCode(paused.reason)}`;
    const verb = stage === 'paused' ? 'Paused' : 'Pauses after this step; requested';
    out.push(
      `**${verb}${by}** at ${formatTime(paused.sinceMs)}${why}. ${inFlight} go on at the provider, and so ` +
        'does the deadline. Update `resume` lets it go on, `adjust` moves the deadline.',
    );
  }
  const { pendingApproval } = progress;
  if (stage === 'waiting for approval' && pendingApproval !== null) {
    const what = approvalRequestText(pendingApproval);
    const command = inlineCode(`rowmill approve ${workflowId}`);
    out.push(
      `**Waits for the approval of ${what}.** Update \`approveSpend\` gives it, or ${command}.`,
    );
  }
  if (stage === 'waiting for credits') {
    const missing =
      creditsMissing === null ? '' : ` About ${formatInteger(creditsMissing)} are missing.`;
    out.push(
      `**Waits for credits.**${missing} It goes on by itself after a top-up, at once with \`resume\`.`,
    );
  }
  const { budgetWait } = progress;
  if (stage === 'waiting for budget' && budgetWait !== undefined) {
    const command = inlineCode(budgetCommand(budgetWait));
    out.push(
      `**Waits for room in the day budget:** ${budgetText(budgetWait)}. It goes on by itself at ` +
        `${formatTime(budgetWait.endsAtMs)}, or with ${command}.`,
    );
  }
  if (stage === 'waiting for credentials') {
    out.push('**Waits for a valid token** in the environment of the worker; then update `resume`.');
  }
  if (stage === 'waiting for the API') {
    out.push(
      '**Waits for the API of the provider.** It goes on by itself when the API answers, at once with `resume`.',
    );
  }
  if (progress.rerunRequested && outcome === null) {
    out.push('One more pass over failed cells was requested; it follows those of the pipeline.');
  }
  if (outcome !== null && cells.inProgress > 0) {
    out.push(`**${formatInteger(cells.inProgress)} cells still go on at the provider, and cost.**`);
  }
  const { quietSinceMs, stallAfterMs, reason } = progress;
  if (stage === 'running' && quietSinceMs !== null) {
    out.push(
      `**Nothing has changed since ${formatTime(quietSinceMs)}.** Cells that are still stalled at ` +
        `${formatTime(quietSinceMs + stallAfterMs)} are requested once more, then left open.`,
    );
  }
  // A cancelled run has no other reason.
  const isNews = (text: string | null): text is string => text !== null && text !== outcome;
  if (outcome !== null && isNews(reason)) out.push(`**${outcome}:** ${inlineCode(reason)}`);
  if (outcome === 'partial' || outcome === 'cancelled') {
    const command = inlineCode(`rowmill rerun ${workflowId}`);
    out.push(`${command} asks for the cells without an answer.`);
  }
  if (isNews(progress.problem)) out.push(`**Last problem:** ${inlineCode(progress.problem)}`);
  return out;
}

function links({ tableUrl, tableId, results, folder, notified }: RunProgress): string[] {
  const out: string[] = [];
  if (tableUrl !== null) out.push(`- ${link('Table at the provider', tableUrl)}`);
  else if (tableId !== null) out.push(`- Table ${inlineCode(tableId)}`);
  out.push(...results.map((path) => `- Results ${inlineCode(path)}`));
  if (folder !== null) out.push(`- Files of the run ${inlineCode(folder)}`);
  for (const { url, status, problem, event } of notified) {
    const what = event === undefined ? '' : `, ${event}`;
    out.push(
      `- Webhook ${inlineCode(url)}${what}: ${status}${problem === null ? '' : `, ${inlineCode(problem)}`}`,
    );
  }
  return out;
}

/** Formats pairs; omits those without a value. */
function fence(pairs: readonly Fact[]): string[] {
  const lines = pairs.flatMap(([name, value]) =>
    value === null ? [] : [`${name.padEnd(12)} ${value}`],
  );
  return ['```', ...lines, '```'];
}

import type { LiveProgress } from '../../client/runs/lookup/live-progress.ts';
import type { RunStatus } from '../../client/runs/status.ts';
import { approvalFacts, cautionFacts, notifiedFacts, unusedFacts } from '../../text/run-facts.ts';
import type { Cli } from '../io/context.ts';
import { formatDateTime, formatDuration, formatInteger, shortPath } from '../io/format.ts';
import { sanitize } from '../io/sanitize.ts';
import { layoutOf } from '../progress/layout.ts';
import { nextCommand, summaryText } from '../io/summary.ts';
import { type HereFlags, withRuns } from '../run/runs-session.ts';
import { type Session } from '../run/session.ts';
import { textTable } from '../io/table.ts';

export interface StatusFlags extends HereFlags {
  json?: true;
}

interface Found extends RunStatus {
  ui: string | null;
}

/** Prints the state of a run. Exits with 0 if the run was found, whatever its outcome. */
export async function status(cli: Cli, workflowId: string, flags: StatusFlags): Promise<void> {
  const found = await withRuns(cli, flags, (session) => find(session, workflowId));
  if (flags.json === true) {
    const { run, progress, lastKnown, summary, error, replaced, ui } = found;
    const { code, what, where, remedy } = error ?? {};
    cli.json({
      ...run,
      progress,
      lastKnown,
      summary,
      replaced,
      error: error && { code, what, where, remedy },
      ui,
    });
    return;
  }
  cli.print(textOf(found, flags.embedded === true));
}

async function find({ rowmill, linkTo }: Session, workflowId: string): Promise<Found> {
  const status = await (await rowmill.attach(workflowId)).status();
  return { ...status, ui: linkTo(status.run) };
}

function textOf(
  { run, progress, summary, error, replaced, ui, warning, lastKnown }: Found,
  embedded: boolean,
): string {
  if (summary !== null) {
    const next = `Next: ${nextCommand(summary, embedded)}`;
    return [summaryText(summary, ui), ...replacedLines(replaced), next].join('\n');
  }
  const viewState = {
    workflowId: run.workflowId,
    progress,
    lastKnown,
    warning,
    ui,
    nowMs: Date.now(),
  };
  const { stage, counts, pace, costs, problem } = layoutOf(viewState);
  const at = progress === null ? (run.outcome ?? run.stage ?? run.status.toLowerCase()) : stage;
  // A worker that does not answer was waited for meanwhile.
  const sinceMs = viewState.nowMs - Date.parse(run.startedAt);
  const started = `started ${formatDateTime(new Date(run.startedAt))}, ${formatDuration(sinceMs)} ago`;
  const ended = `started ${formatDateTime(new Date(run.startedAt))}, took ${formatDuration(run.durationMs)}`;
  return [
    `${run.workflowId}  ${at}`,
    run.status === 'RUNNING' ? started : ended,
    ...[counts, pace, costs].filter((figures) => figures.length > 0).map((f) => f.join('   ')),
    ...(problem === null ? [] : [`! ${problem}`]),
    ...(error === null ? [] : [`error[${error.code}] ${error.what}`, `→ ${error.remedy}`]),
    ...(progress === null ? [] : [...factLines(progress), ...columnLines(progress)]),
    ...(ui === null ? [] : [ui]),
  ].join('\n');
}

const replacedLines = (replaced: RunStatus['replaced']): string[] =>
  replaced.map(
    ({ path, workflowId }) =>
      `  caution     ${shortPath(path)} has been replaced since, by run ${sanitize(workflowId)}`,
  );

/** Formats the facts as in the summary. */
const factLines = (progress: LiveProgress): string[] =>
  [
    ...approvalFacts(progress, sanitize),
    ...cautionFacts(progress, sanitize),
    ...unusedFacts(progress),
    ...notifiedFacts(progress),
  ].map((fact) => fact.join(' '));

/** Formats the columns by the last table scan, which a pass in progress has overtaken. */
function columnLines({ byColumn, tableUrl, tableId, stage }: LiveProgress): string[] {
  const columns = Object.entries(byColumn);
  const overtaken = stage === 'running' ? ['as the table was last read, before this wait:'] : [];
  const names = ['done', 'empty', 'failed', 'blocked', 'pending'] as const;
  const table = textTable(
    [{ title: 'column' }, ...names.map((title) => ({ title, align: 'right' as const }))],
    columns.map(([key, cells]) => [key, ...names.map((name) => formatInteger(cells[name]))]),
  );
  const place = tableUrl ?? tableId;
  return [
    ...(columns.length === 0 ? [] : ['', ...overtaken, table, '']),
    ...(place === null ? [] : [`table ${place}`]),
  ];
}

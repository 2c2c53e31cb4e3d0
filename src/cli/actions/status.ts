import { errorOfRun } from '../../client/failure.ts';
import { liveProgress, type LiveProgress } from '../../client/live-progress.ts';
import { describeRun } from '../../client/start-run.ts';
import type { RunSummary } from '../../contract/run.ts';
import type { RowmillError } from '../../errors.ts';
import type { Cli } from '../context.ts';
import { dateTime, duration, whole } from '../figures.ts';
import { layoutOf } from '../progress/layout.ts';
import { listedRun, type ListedRun } from '../../client/run-standing.ts';
import { summaryText } from '../run-summary.ts';
import { withSession, type Session } from '../session.ts';
import { textTable } from '../text-table.ts';
import { hasWorker, noWorkerText } from '../../client/workers.ts';

export interface StatusFlags {
  json?: true;
}

interface Found {
  run: ListedRun;
  /** Of a run under way, when a worker answers. */
  progress: LiveProgress | null;
  summary: RunSummary | null;
  error: RowmillError | null;
  ui: string | null;
  trouble: string | null;
}

/** How a run stands now. Finding it is a success, whatever became of it. */
export async function status(cli: Cli, workflowId: string, flags: StatusFlags): Promise<void> {
  const found = await withSession(cli, (session) => find(session, workflowId));
  if (flags.json === true) {
    const { run, progress, summary, error, ui } = found;
    const { code, what, where, remedy } = error ?? {};
    cli.json({ ...run, progress, summary, error: error && { code, what, where, remedy }, ui });
    return;
  }
  cli.print(textOf(found));
}

async function find(session: Session, workflowId: string): Promise<Found> {
  const { client, linkTo } = session;
  const description = await describeRun(client, workflowId);
  const run = listedRun(description.raw.workflowExecutionInfo);
  const found: Found = {
    run,
    progress: null,
    summary: null,
    error: null,
    ui: linkTo(run),
    trouble: null,
  };
  const handle = client.workflow.getHandle(workflowId, run.runId);
  if (run.status === 'RUNNING') {
    const { taskQueue } = description;
    const served = await hasWorker(client, taskQueue);
    if (served) found.progress = await liveProgress(handle);
    if (!served) found.trouble = noWorkerText(taskQueue);
    else if (found.progress === null) found.trouble = 'the worker does not answer';
    return found;
  }
  try {
    // The workflow type gives back a RunSummary.
    found.summary = (await handle.result()) as RunSummary;
  } catch (error) {
    found.error = errorOfRun(error, workflowId);
  }
  return found;
}

function textOf({ run, progress, summary, error, ui, trouble }: Found): string {
  if (summary !== null) return summaryText(summary, ui);
  const standing = { workflowId: run.workflowId, progress, trouble, ui, nowMs: Date.now() };
  const { stage, counts, pace, costs, problem } = layoutOf(standing);
  const at = progress === null ? (run.outcome ?? run.stage ?? run.status.toLowerCase()) : stage;
  const started = `started ${dateTime(new Date(run.startedAt))}, ${duration(run.durationMs)} ago`;
  const ended = `started ${dateTime(new Date(run.startedAt))}, took ${duration(run.durationMs)}`;
  return [
    `${run.workflowId}  ${at}`,
    run.status === 'RUNNING' ? started : ended,
    ...[counts, pace, costs].filter((figures) => figures.length > 0).map((f) => f.join('   ')),
    ...(problem === null ? [] : [`! ${problem}`]),
    ...(error === null ? [] : [`error[${error.code}] ${error.what}`, `→ ${error.remedy}`]),
    ...(progress === null ? [] : columnLines(progress)),
    ...(ui === null ? [] : [ui]),
  ].join('\n');
}

/** By the last sweep over the table's pages. */
function columnLines({ byColumn, tableUrl, tableId }: LiveProgress): string[] {
  const columns = Object.entries(byColumn);
  const names = ['done', 'empty', 'failed', 'blocked', 'pending'] as const;
  const table = textTable(
    [{ title: 'column' }, ...names.map((title) => ({ title, align: 'right' as const }))],
    columns.map(([key, cells]) => [key, ...names.map((name) => whole(cells[name]))]),
  );
  const place = tableUrl ?? tableId;
  return [
    ...(columns.length === 0 ? [] : ['', table, '']),
    ...(place === null ? [] : [`table ${place}`]),
  ];
}

import { setCurrentDetails, upsertSearchAttributes, workflowInfo } from '@temporalio/workflow';
import { defineSearchAttributeKey, type SearchAttributePair } from '@temporalio/common';
import { SEARCH_ATTRIBUTE } from '../../src/contract/names.ts';
import { namingRun } from '../../src/contract/run-command.ts';
import type { CellCounts } from '../../src/contract/results.ts';
import type { Outcome, RunProgress } from '../../src/contract/run.ts';
import { approvalsOf, cautionsOf, unusedOf } from '../../src/text/run-facts.ts';
import { computedCells } from '../../src/rules/cells/cells.ts';
import { totalCells, unanswered } from '../../src/rules/cells/outcome.ts';
import { forecastOf } from '../../src/rules/passes/forecast.ts';
import { creditsRequested, creditsOf } from '../../src/rules/spend/spend.ts';
import { totalUsage } from '../../src/rules/cells/usage.ts';
import { ceilingReachedOf } from '../ceiling-left.ts';
import { renderDetails } from './details.ts';
import type { Run } from '../run.ts';
import { type RunState, spendOf } from '../run-state.ts';

/** Shown part of a run. */
type Shown = Pick<Run, 'pipeline' | 'state' | 'outcome'>;

/** Builds the answer of the query `progress`, which the Temporal UI shows as well. */
export function progressOf(run: Shown): RunProgress {
  const { pipeline, state, outcome } = run;
  const { prepared, lastScan, activePass } = state;
  const rows = prepared?.snapshot.rows ?? 0;
  return {
    pipeline: pipeline.name,
    stage: state.stage,
    outcome,
    startedAtMs: state.startedAtMs,
    deadlineAtMs: state.deadlineAtMs,
    asOfMs: activePass?.tracking.lastReadAtMs ?? Date.now(),
    tableId: state.table?.id ?? null,
    tableUrl: state.table?.url ?? null,
    rows,
    pass: state.passes,
    cells: cellsOf(state, rows),
    byColumn: lastScan?.byColumn ?? {},
    ...forecastOfPass(run),
    estimatedCredits: prepared === null ? 0 : creditsOf(prepared, spendOf(run)),
    pendingApproval: state.pendingApproval,
    creditsBefore: prepared?.credits ?? null,
    ...creditsOfNow(run),
    usage: totalUsage(lastScan?.usage),
    apiCalls: state.calls,
    results: pipeline.results.map(({ to }) => to),
    folder: prepared?.folder ?? null,
    problem: state.problem && namingRun(state.problem, workflowInfo().workflowId),
    reason: state.reason,
    paused: state.pause,
    notified: state.notified,
    rerunRequested: state.rerunRequested,
    maxPollIntervalMs: state.maxPollIntervalMs,
    ...budgetWaitOf(state),
    ...ceilingReachedOf(run),
    ...sameTargetOf(state),
    ...approvalsOf(state),
    ...cautionsOf(state.lastScan, state.prepared),
    ...state.published,
    ...unusedOf(state),
  };
}

function budgetWaitOf({ budget, stage }: RunState): Pick<RunProgress, 'budgetWait'> {
  const wait = budget?.wait ?? null;
  return wait === null || stage !== 'waiting for budget' ? {} : { budgetWait: wait };
}

/**
 * Returns the runs at the same target; before there is a table, those found when the rows were
 * prepared.
 */
function sameTargetOf({ sameTarget, prepared }: RunState): Pick<RunProgress, 'sameTarget'> {
  const others = sameTarget ?? prepared?.sameTarget ?? [];
  return others.length === 0 ? {} : { sameTarget: others };
}

function forecastOfPass({ state, pipeline }: Shown) {
  const { activePass, deadlineAtMs, stage } = state;
  const { stallAfterMs } = pipeline.run;
  // Nothing is read while the run waits: its last readings say nothing about the cells now.
  if (activePass === null || WAITS.test(stage))
    return { cellsPerMinute: null, leftMs: null, quietSinceMs: null, stallAfterMs };
  return { ...forecastOf(activePass.tracking, Date.now(), deadlineAtMs), stallAfterMs };
}

function creditsOfNow(run: Shown) {
  const { state } = run;
  const { prepared, balance, stage } = state;
  const before = prepared?.credits ?? null;
  const creditsSpent =
    prepared === null
      ? 0
      : creditsRequested(state.unitsRequested, state.cellsCancelled, spendOf(run));
  const balanceChange = before === null || balance === null ? null : balance - before;
  const known = { creditsSpent, balanceChange };
  if (prepared === null || stage !== 'waiting for credits') {
    return { ...known, creditsMissing: null };
  }
  const { total, done } = cellsOf(state, prepared.snapshot.rows);
  const spend = spendOf(run);
  const most = creditsOf(prepared, spend);
  const needed = Math.min(most, (total - done) * spend.creditsPerCell);
  return { ...known, creditsMissing: Math.max(0, needed - (balance ?? 0)) };
}

/** Stages after which no cell moves any more. */
const OVER: readonly string[] = ['publishing results', 'finished'];

/**
 * Returns consistent counts. While cells are computed they are the provider's, with automatic
 * columns and maybe without failures. At the end they are those of the last scan, over the
 * pipeline's own columns.
 */
function cellsOf({ activePass, lastScan, stage, table, doneCells }: RunState, rows: number) {
  const seen = activePass?.tracking.last ?? null;
  const scanned = lastScan?.cells ?? null;
  if (seen !== null) {
    const { cellsTotal: total, cellsDone: done, cellsInProgress: inProgress } = seen;
    return { total, done, inProgress, failed: seen.cellsFailed };
  }
  // Once a pass was sent, its cells count as in progress, whatever its first reading says.
  const failed = activePass === null ? (scanned?.failed ?? null) : null;
  if (scanned !== null && OVER.includes(stage)) {
    const done = scanned.done + scanned.empty;
    return { total: totalCells(scanned), done, inProgress: lastScan?.inFlight ?? 0, failed };
  }
  const total = table === null ? 0 : computedCells(table, rows);
  return { total, done: doneCells, inProgress: 0, failed };
}

const KEY = {
  pipeline: defineSearchAttributeKey(SEARCH_ATTRIBUTE.pipeline, 'KEYWORD'),
  stage: defineSearchAttributeKey(SEARCH_ATTRIBUTE.stage, 'KEYWORD'),
  outcome: defineSearchAttributeKey(SEARCH_ATTRIBUTE.outcome, 'KEYWORD'),
  tableId: defineSearchAttributeKey(SEARCH_ATTRIBUTE.tableId, 'KEYWORD'),
  rows: defineSearchAttributeKey(SEARCH_ATTRIBUTE.rows, 'INT'),
  failedCells: defineSearchAttributeKey(SEARCH_ATTRIBUTE.failedCells, 'INT'),
  progress: defineSearchAttributeKey(SEARCH_ATTRIBUTE.progress, 'KEYWORD'),
} as const;

/** Stages worth an event in the history: where a run may stand for long, and its end. */
const MILESTONES: readonly string[] = [
  'waiting for the table',
  'waiting for approval',
  'waiting for credits',
  'waiting for budget',
  'waiting for credentials',
  'waiting for the API',
  'running',
  'paused',
  'finished',
];

/** An attribute that the server does not know would block the run: it was started with one, or a worker looked. */
const hasAttributes = ({ prepared }: RunState): boolean =>
  prepared?.searchAttributes ?? workflowInfo().typedSearchAttributes.get(KEY.stage) !== undefined;

/** Stages that a list must not show any more when they are over. */
const WAITS = /^(waiting|paused)/;

/** Parts in which a list shows a pass: a slice of waiting ends after some three eighths of the cells. */
const TENTHS = 10;

/** Formats the search attributes; `null`: no change worth an event in the history. */
function shownOf(state: RunState, share: number): string | null {
  const { stage, passes, shown } = state;
  const milestone = `${stage} ${passes}`;
  const tenths = share < 1 ? Math.floor(share * TENTHS) : 0;
  if (stage === 'running' && tenths > 0) return `${milestone} ${tenths}/${TENTHS}`;
  if (MILESTONES.includes(stage)) return milestone;
  return WAITS.test(shown) ? milestone : null;
}

/** Servers keep keywords of 255 characters. */
const MAX_KEYWORD_CHARS = 200;

/**
 * `50 %, pass 1` of all cells while they move; `partial: ` and the reason at the end; else the stage.
 * For a list, where a percentage that is not a tenth would soon be old.
 */
function progressText({ state, outcome }: Shown, share: number): string {
  const { stage, passes, reason } = state;
  if (outcome !== null) {
    const isNews = reason !== null && reason !== outcome;
    // Omits the brackets, which the run's page shows and which would hide other columns.
    const short = reason?.replace(/ \(.*$/s, '');
    return (isNews ? `${outcome}: ${short}` : outcome).slice(0, MAX_KEYWORD_CHARS);
  }
  const percent = (Math.floor(share * TENTHS) / TENTHS) * 100;
  return stage === 'running' ? `${percent} %, pass ${passes}` : stage;
}

/**
 * Counts the cells without an answer for good: while passes go on, cells that were not asked yet
 * have not failed.
 */
const failedOf = (cells: CellCounts, outcome: Outcome | null): number =>
  outcome === null ? cells.failed + cells.blocked : unanswered(cells);

/** Refreshes what the Temporal UI shows. Current details cost no history; an upsert is one event. */
export function showProgress(run: Shown): void {
  const progress = progressOf(run);
  setCurrentDetails(renderDetails(progress, workflowInfo().workflowId));
  const { state, pipeline, outcome } = run;
  if (!hasAttributes(state)) return;
  const { done, total } = progress.cells;
  const share = total === 0 ? 0 : done / total;
  const shown = shownOf(state, share);
  if (shown === null || state.shown === shown) return;
  state.shown = shown;
  const pairs: SearchAttributePair[] = [
    { key: KEY.pipeline, value: pipeline.name },
    { key: KEY.stage, value: state.stage },
    { key: KEY.rows, value: progress.rows },
    { key: KEY.progress, value: progressText(run, share) },
  ];
  if (state.table !== null) pairs.push({ key: KEY.tableId, value: state.table.id });
  if (outcome !== null) pairs.push({ key: KEY.outcome, value: outcome });
  if (state.lastScan !== null) {
    pairs.push({ key: KEY.failedCells, value: failedOf(state.lastScan.cells, outcome) });
  }
  const before = workflowInfo().typedSearchAttributes;
  // A value that is there already would only fill the history.
  upsertSearchAttributes(pairs.filter(({ key, value }) => before.get(key) !== value));
}

import type { LastKnown, LiveProgress } from '../../client/runs/lookup/live-progress.ts';
import {
  budgetCommand,
  budgetText,
  failedText,
  approvalRequestText,
  knownPriceText,
} from '../../text/run-facts.ts';
import { formatDateTime, formatDuration, formatInteger } from '../io/format.ts';
import { sanitize } from '../io/sanitize.ts';
import type { ViewState } from './view.ts';

/** Texts of a progress update, without colours, shared by all views. */
export interface Layout {
  stage: string;
  /** 0..1; `null` if a share would be meaningless. */
  share: number | null;
  /** Counts in the order of importance: `done 724 of 1,509` … */
  counts: string[];
  pace: string[];
  costs: string[];
  problem: string | null;
}

export function layoutOf({ workflowId, progress, lastKnown, warning, nowMs }: ViewState): Layout {
  if (progress === null) return withoutWorker(lastKnown ?? null, warning, nowMs);
  return {
    stage: stageOf(progress),
    share: shareOf(progress),
    counts: countsOf(progress),
    pace: paceOf(progress, nowMs),
    costs: costsOf(progress),
    problem: warning ?? problemOf(progress, workflowId),
  };
}

/** Lays out what the server has: the newest heartbeat, however old. */
function withoutWorker(known: LastKnown | null, warning: string | null, nowMs: number): Layout {
  const stage = known === null && warning === null ? 'starting' : 'no worker answers';
  const cells = known?.cells ?? null;
  const moved = known?.rowsMoved ?? null;
  const counts = [
    ...(cells === null
      ? []
      : [`cells done ${formatInteger(cells.done)} of ${formatInteger(cells.total)}`]),
    ...(moved === null ? [] : [`rows moved ${formatInteger(moved)}`]),
  ];
  const asOfMs = known?.asOfMs ?? null;
  const pace = asOfMs === null ? [] : [`last known ${formatDuration(nowMs - asOfMs)} ago`];
  const share = cells === null ? null : ratio(cells.done, cells.total);
  return { stage, share, counts, pace, costs: [], problem: warning };
}

function stageOf({ stage, outcome, pass }: LiveProgress): string {
  if (outcome !== null) return outcome;
  return pass > 0 ? `${stage}, pass ${pass}` : stage;
}

/** Returns the share of rows while they are loaded or collected, else of cells. */
function shareOf(progress: LiveProgress): number | null {
  const { cells, rows, rowsMoved } = progress;
  if (rowsMoved !== null) return ratio(rowsMoved, rows);
  return progress.pass === 0 ? null : ratio(cells.done, cells.total);
}

const ratio = (part: number, all: number): number | null =>
  all > 0 ? Math.min(1, part / all) : null;

function countsOf(progress: LiveProgress): string[] {
  const { cells, rows, rowsMoved, pass, stage } = progress;
  const moved =
    rowsMoved === null
      ? []
      : [
          `rows ${stage === 'loading rows' ? 'sent' : 'read'} ${formatInteger(rowsMoved)} of ${formatInteger(rows)}`,
        ];
  if (pass === 0) return moved.length > 0 || rows === 0 ? moved : [`rows ${formatInteger(rows)}`];
  const left = Math.max(0, cells.total - cells.done - (cells.failed ?? 0));
  const failed = failedText(progress);
  return [
    ...moved,
    `cells done ${formatInteger(cells.done)} of ${formatInteger(cells.total)}`,
    ...(failed === null ? [] : [`failed ${failed}`]),
    `left ${formatInteger(left)}`,
    ...(cells.inProgress === 0 ? [] : [`in progress ${formatInteger(cells.inProgress)}`]),
  ];
}

function paceOf(progress: LiveProgress, nowMs: number): string[] {
  const { cellsPerMinute, leftMs, startedAtMs, stage } = progress;
  const running = stage === 'running';
  return [
    ...(running && cellsPerMinute !== null ? [`${formatInteger(cellsPerMinute)} cells/min`] : []),
    ...(running && leftMs !== null ? [`about ${formatDuration(leftMs)} left in this pass`] : []),
    `${formatDuration(nowMs - startedAtMs)} gone`,
  ];
}

const costsOf = ({ apiCalls, estimatedCredits, creditsSpent, usage }: LiveProgress): string[] => [
  `API calls ${formatInteger(apiCalls.total)} (${formatInteger(apiCalls.polls)} polls)`,
  ...(estimatedCredits === 0 ? [] : [creditsText(estimatedCredits, creditsSpent)]),
  ...(usage === null ? [] : [`price so far ${knownPriceText(usage)}`]),
];

const creditsText = (estimated: number, asked: number): string =>
  `credits about ${formatInteger(estimated)}${asked === 0 ? '' : `, ${formatInteger(asked)} asked for so far`}`;

function problemOf(progress: LiveProgress, workflowId: string): string | null {
  if (progress.stage === 'waiting for approval') {
    const { pendingApproval, estimatedCredits: credits } = progress;
    const what = approvalRequestText(pendingApproval ?? { credits, cells: null });
    return `waits for an approval of ${what}; give it: rowmill approve ${workflowId}`;
  }
  const { budgetWait } = progress;
  if (progress.stage === 'waiting for budget' && budgetWait !== undefined) {
    const at = formatDateTime(new Date(budgetWait.endsAtMs));
    return `${budgetText(budgetWait)}; goes on at ${at}, or now: ${budgetCommand(budgetWait)}`;
  }
  const { paused } = progress;
  if (paused !== null) {
    const by = paused.by === null ? '' : ` by ${paused.by}`;
    const why = paused.reason === null ? '' : ` (${paused.reason})`;
    const what = progress.stage === 'paused' ? 'paused' : 'to be paused after this step,';
    return sanitize(`${what}${by}${why}; go on: rowmill resume ${workflowId}`);
  }
  const text =
    missingText(progress) ?? failureText(progress) ?? progress.problem ?? quietText(progress);
  return text === null ? null : sanitize(text).replace(/\s+/g, ' ');
}

/**
 * Names the missing credits or credentials that a run waits for; the waiting step may have moved to
 * another worker.
 */
function missingText({ stage, problem, creditsMissing }: LiveProgress): string | null {
  if (stage !== 'waiting for credits' && stage !== 'waiting for credentials') return null;
  if (problem === null || creditsMissing === null || creditsMissing === 0) return problem;
  return `about ${formatInteger(creditsMissing)} credits are missing; ${problem}`;
}

/** Temporal's messages for a step that continues on another worker. */
const TAKEN_OVER = /^activity Heartbeat timeout|^Worker is shutting down/;

function failureText({ lastFailure, attempt }: LiveProgress): string | null {
  if (lastFailure === null) return null;
  if (TAKEN_OVER.test(lastFailure)) {
    return `attempt ${attempt}: the worker before it stopped or was lost`;
  }
  return `attempt ${attempt} after: ${lastFailure}`;
}

/** Describes since when nothing has changed, and what follows. */
function quietText({ stage, quietSinceMs, stallAfterMs }: LiveProgress): string | null {
  if (stage !== 'running' || quietSinceMs === null) return null;
  const at = (ms: number): string => formatDateTime(new Date(ms));
  const follows = `; cells still stalled at ${at(quietSinceMs + stallAfterMs)} are requested once more, then left open`;
  return `nothing has changed since ${at(quietSinceMs)}${follows}`;
}

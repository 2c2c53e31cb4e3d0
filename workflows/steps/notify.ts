import { log } from '@temporalio/workflow';
import type { Outcome, RunSummary } from '../../src/contract/run.ts';
import { approvalsOf, cautionsOf, unusedOf } from '../../src/text/run-facts.ts';
import { noCells } from '../../src/rules/cells/outcome.ts';
import { totalUsage } from '../../src/rules/cells/usage.ts';
import { failureOf } from '../failures.ts';
import { recordNotifications } from '../activities.ts';
import { deliver } from './deliver.ts';
import { budgetOf } from './budget.ts';
import { ceilingReachedOf } from '../ceiling-left.ts';
import { showProgress } from '../view/progress.ts';
import type { Run } from '../run.ts';

/** Sends the completion webhooks. A failed delivery is recorded in the manifest and never changes the outcome. */
export async function notify(run: Run, summary: RunSummary): Promise<void> {
  const { state, pipeline } = run;
  const targets = pipeline.notify?.filter(({ on }) => on.includes(summary.outcome)) ?? [];
  // Messages while it waited are recorded, too.
  if (targets.length === 0 && state.notified.length === 0) return;
  const timestamp = new Date(Date.now()).toISOString();
  const body = { type: 'run.finished', timestamp, data: summary } as const;
  const timeout = run.refused ? { withinMs: REFUSED_MS } : {};
  const ended = await Promise.all(
    targets.map((target) => deliver(target, body, summary.outcome, timeout)),
  );
  state.notified = [...state.notified, ...ended];
  showProgress(run);
  try {
    await recordNotifications.executeWithOptions(
      { summary: 'Record the deliveries in the manifest' },
      [{ run: run.key, results: pipeline.results, notifications: state.notified }],
    );
  } catch (error) {
    log.warn('the deliveries are not in the manifest', { error: failureOf(error).message });
  }
}

/** Longest delivery of a run whose input was refused: its receivers are part of that input. */
const REFUSED_MS = 4_000;

/** Summary of a run that failed before or while it published. */
export function bareSummary(run: Run, outcome: Outcome, reason: string): RunSummary {
  const { state, key, runId, input } = run;
  const tableId = state.table?.id ?? input.previousRun?.tableId ?? null;
  return {
    workflowId: key.workflowId,
    runId,
    outcome,
    reason,
    tableId,
    rows: state.prepared?.snapshot.rows ?? 0,
    cells: state.lastScan?.cells ?? noCells(),
    passes: state.passes,
    apiCalls: state.calls,
    results: [],
    creditsSpent: state.prepared === null ? 0 : run.creditsRequested,
    balanceChange: null,
    estimatedCredits: state.prepared === null ? 0 : run.estimatedCredits,
    usage: totalUsage(state.lastScan?.usage),
    quarantine: null,
    manifest: null,
    stillRunning: null,
    previousRun: null,
    ...ceilingReachedOf(run),
    ...budgetOf(run),
    ...approvalsOf(state),
    ...cautionsOf(state.lastScan, state.prepared),
    ...unusedOf(state),
  };
}

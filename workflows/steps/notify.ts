import { log, uuid4 } from '@temporalio/workflow';
import type { Notified, NotifyTarget } from '../../src/contract/notify.ts';
import type { Outcome, RunSummary } from '../../src/contract/run.ts';
import { approvalsOf, cautionsOf, unusedOf } from '../../src/text/run-facts.ts';
import { noCells } from '../../src/rules/cells/outcome.ts';
import { totalUsage } from '../../src/rules/cells/usage.ts';
import { failureOf } from '../failures.ts';
import { recordNotifications, sendNotification } from '../activities.ts';
import { budgetOf } from './budget.ts';
import { ceilingReachedOf } from '../ceiling-left.ts';
import { showProgress } from '../view/progress.ts';
import type { Run } from '../run.ts';

/** Sends the completion webhooks. A failed delivery is recorded in the manifest and never changes the outcome. */
export async function notify(run: Run, summary: RunSummary): Promise<void> {
  const { state, pipeline } = run;
  const targets = pipeline.notify?.filter(({ on }) => on.includes(summary.outcome)) ?? [];
  if (targets.length === 0) return;
  const timestamp = new Date(Date.now()).toISOString();
  const body = { type: 'run.finished', timestamp, data: summary } as const;
  state.notified = await Promise.all(
    targets.map(async (target): Promise<Notified> => {
      const notification = { url: withoutQuery(target), id: `msg_${uuid4()}` };
      try {
        const options = { summary: `Notify ${notification.url}: ${summary.outcome}` };
        const timeout = run.refused ? { scheduleToCloseTimeout: REFUSED_MS } : {};
        await sendNotification.executeWithOptions({ ...options, ...timeout }, [
          { target, id: notification.id, body },
        ]);
        return { ...notification, status: 'delivered', problem: null };
      } catch (error) {
        return {
          ...notification,
          status: 'failed',
          problem: failureOf(error).message.slice(0, 300),
        };
      }
    }),
  );
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

/** A query string may contain a token. */
const withoutQuery = ({ url }: NotifyTarget): string => url.replace(/[?#].*$/, '');

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

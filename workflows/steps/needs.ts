import { CancellationScope, condition, log } from '@temporalio/workflow';
import type { RunNeeds } from '../../src/contract/notifications.ts';
import { NEEDS, type Need, type Notified, type NotifyTarget } from '../../src/contract/notify.ts';
import { nextReportMs, reportNeed } from '../../src/rules/reminders.ts';
import { failureOf } from '../failures.ts';
import type { Run } from '../run.ts';
import { progressOf, showProgress } from '../view/progress.ts';
import { isSame, currentNeedOf, type CurrentNeed } from '../view/current-need.ts';
import { deliver } from './deliver.ts';

const wants = (target: NotifyTarget, need: Need): boolean => target.on.includes(need);

/**
 * Notifies receivers while the run needs a person, beside its steps. Nothing is watched for a pipeline
 * that names no such event.
 */
export function watchNeeds(run: Run): void {
  const targets = run.pipeline.notify ?? [];
  if (!targets.some((target) => NEEDS.some((need) => wants(target, need)))) return;
  CancellationScope.nonCancellable(() => watch(run)).catch((error: unknown) => {
    log.warn('notifications have ended', { error: failureOf(error).message });
  });
}

async function watch(run: Run): Promise<void> {
  for (;;) {
    await condition(() => currentNeedOf(run) !== null);
    const current = currentNeedOf(run);
    if (current === null) continue;
    const last = run.state.reported?.[current.need];
    const inMs = Math.ceil(nextReportMs(last, current) - Date.now());
    if (inMs > 0) {
      const summary = `Remind of ${current.need}`;
      await condition(() => !isSame(currentNeedOf(run), current), inMs, { summary });
      continue;
    }
    // A receiver that does not answer holds up neither the run nor the next reminder.
    void send(run, current).catch((error: unknown) => {
      log.warn('not notified', { error: failureOf(error).message });
    });
  }
}

async function send(run: Run, { need, subject, what, command }: CurrentNeed): Promise<void> {
  const { state, pipeline, key, runId } = run;
  const nowMs = Date.now();
  const report = reportNeed(state.reported?.[need], subject, nowMs);
  state.reported = { ...state.reported, [need]: report };
  const { rows, cells, estimatedCredits, creditsSpent, creditsMissing, deadlineAtMs, tableUrl } =
    progressOf(run);
  const body: RunNeeds = {
    type: `run.${need}`,
    timestamp: new Date(nowMs).toISOString(),
    data: {
      workflowId: key.workflowId,
      runId,
      pipeline: pipeline.name,
      what,
      since: new Date(report.sinceMs).toISOString(),
      reminder: report.reminder,
      rows,
      cells: { done: cells.done, total: cells.total },
      credits: {
        estimated: estimatedCredits,
        spent: creditsSpent,
        ...(creditsMissing === null ? {} : { missing: creditsMissing }),
      },
      deadline: new Date(deadlineAtMs).toISOString(),
      tableUrl,
      command,
    },
  };
  const targets = pipeline.notify?.filter((target) => wants(target, need)) ?? [];
  await Promise.all(
    targets.map(async (target) => {
      note(run, { ...(await deliver(target, body, need)), event: need });
      showProgress(run);
    }),
  );
}

/** Keeps the newest delivery of an event to a receiver: a wait may have many reminders. */
function note({ state }: Run, one: Notified): void {
  const isOther = ({ url, event }: Notified): boolean => url !== one.url || event !== one.event;
  state.notified = [...state.notified.filter(isOther), one];
}

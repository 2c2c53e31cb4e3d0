import { activityInfo } from '@temporalio/activity';
import type { Notification } from '../src/contract/notifications.ts';
import type { Notified, NotifyTarget } from '../src/contract/notify.ts';
import type { ApiCalls } from '../src/contract/run.ts';
import { RowmillError } from '../src/errors.ts';
import { RUN_FILE } from '../src/contract/names.ts';
import type { ResultTarget } from '../src/contract/pipeline.ts';
import { copyFile } from '../src/sinks/files/copy.ts';
import { locksOf } from '../src/paths/footprint.ts';
import { placeOf } from '../src/sinks/files/destination.ts';
import { withLocks } from '../src/sinks/lock/lock.ts';
import { isOf } from '../src/sinks/files/target-state.ts';
import { uiLink } from '../src/text/ui-link.ts';
import type { RunKey } from '../src/store/store.ts';
import { activity } from './runtime/activity.ts';

export interface SendNotificationInput {
  target: NotifyTarget;
  /** Id that stays equal across retries. */
  id: string;
  body: Notification;
  /** Run that the message is of. Left out: the one that sends it. */
  about?: { workflowId: string; runId: string } | null;
}

/** Sends a message to one receiver. */
export const sendNotification = activity<
  SendNotificationInput,
  { id: Notified['id']; calls: ApiCalls }
>(async ({ target, id, body, about }, attempt, deps) => {
  if (deps.webhooks === undefined) {
    throw new RowmillError('webhook_refused', 'this worker sends no webhooks');
  }
  const { signal } = attempt.ctx;
  const { workflowExecution: sender, namespace } = activityInfo();
  const run = about === undefined ? sender : about;
  await deps.webhooks.send({
    target,
    id,
    body,
    ui: run == null ? null : uiLink(deps.uiUrl ?? null, namespace, run),
    signal: signal ?? new AbortController().signal,
  });
  return { id, calls: attempt.calls };
});

export interface RecordNotificationsInput {
  run: RunKey;
  results: ResultTarget[];
  notifications: Notified[];
}

/** Writes the deliveries of webhooks into the manifest, where the run left one. */
export const recordNotifications = activity<RecordNotificationsInput, undefined>(
  async ({ run, results, notifications }, attempt, deps) => {
    const folder = deps.store.run(run);
    if (!(await folder.exists(RUN_FILE.manifest))) return;
    const manifest = await folder.readJson(RUN_FILE.manifest);
    if (typeof manifest !== 'object' || manifest === null) return;
    await folder.writeJson(RUN_FILE.manifest, { ...manifest, notifications });
    for (const { to } of results) {
      const place = await placeOf(to);
      await withLocks(
        locksOf(place),
        (ms) => attempt.sleep(ms),
        async () => {
          // Another run may have published there since, or this one may have left what was there.
          if (await isOf(run, place.manifest)) {
            await copyFile(folder, RUN_FILE.manifest, place.manifest);
          }
        },
      );
    }
  },
);

import type { Notified, NotifyTarget } from '../src/contract/notify.ts';
import type { RunFinished } from '../src/contract/run-finished.ts';
import type { ApiCalls } from '../src/contract/run.ts';
import { RowmillError } from '../src/errors.ts';
import { activity } from './step.ts';

export interface SendNotificationInput {
  target: NotifyTarget;
  /** The same on every retry. */
  id: string;
  body: RunFinished;
}

/** Tells one receiver that the run has ended. */
export const sendNotification = activity<
  SendNotificationInput,
  { id: Notified['id']; calls: ApiCalls }
>(async ({ target, id, body }, attempt, deps) => {
  if (deps.webhooks === undefined) {
    throw new RowmillError('webhook_refused', 'this worker sends no webhooks');
  }
  const { url, secretEnv } = target;
  const { signal } = attempt.ctx;
  await deps.webhooks.send({
    url,
    id,
    secretEnv,
    body,
    signal: signal ?? new AbortController().signal,
  });
  return { id, calls: attempt.calls };
});

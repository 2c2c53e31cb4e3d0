import { uuid4 } from '@temporalio/workflow';
import type { SendNotificationInput } from '../../activities/notify.ts';
import type { Notification } from '../../src/contract/notifications.ts';
import { receiverName, type Notified, type NotifyTarget } from '../../src/contract/notify.ts';
import { failureOf } from '../failures.ts';
import { sendNotification } from '../activities.ts';

export interface DeliverOptions extends Pick<SendNotificationInput, 'about'> {
  /** Longest time of all attempts, in ms. */
  withinMs?: number;
}

/** Sends one message, and returns what became of it. @param what Summary for the history */
export async function deliver(
  target: NotifyTarget,
  body: Notification,
  what: string,
  { withinMs, about }: DeliverOptions = {},
): Promise<Notified> {
  const notification = { url: receiverName(target), id: `msg_${uuid4()}` };
  const within = withinMs === undefined ? {} : { scheduleToCloseTimeout: withinMs };
  try {
    await sendNotification.executeWithOptions(
      { summary: `Notify ${notification.url}: ${what}`, ...within },
      [{ target, id: notification.id, body, ...(about === undefined ? {} : { about }) }],
    );
    return { ...notification, status: 'delivered', problem: null };
  } catch (error) {
    const problem = failureOf(error).message.slice(0, 300);
    return { ...notification, status: 'failed', problem };
  }
}

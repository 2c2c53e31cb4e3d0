import { ApplicationFailure } from '@temporalio/workflow';
import type { MissedNight, NightMissed } from '../src/contract/notifications.ts';
import type { MissedNightInput } from '../src/contract/missed-night.ts';
import { receiversOf } from '../src/rules/input/argument.ts';
import { deliver } from './steps/deliver.ts';

/**
 * Notifies receivers of one night of a schedule that was missed. Its id is made of schedule and time, so
 * of several workers that notice it one notifies.
 */
export async function missedNight({ night, targets, run }: MissedNightInput): Promise<void> {
  const receivers = receiversOf(targets) ?? [];
  const timestamp = new Date(Date.now()).toISOString();
  const body: NightMissed = { type: 'schedule.missed-night', timestamp, data: night };
  const sent = await Promise.all(
    receivers.map((target) => deliver(target, body, whatOf(night), { about: run })),
  );
  const failed = sent.filter(({ status }) => status === 'failed');
  if (failed.length === 0) return;
  const what = failed.map(({ url, problem }) => `${url}: ${problem ?? 'no reason'}`).join('; ');
  throw ApplicationFailure.nonRetryable(`not delivered to ${what}`, 'webhook_failed');
}

const whatOf = ({ schedule, dueAt, why }: MissedNight): string =>
  `the night of ${schedule} at ${dueAt}: ${why}`;

import type { Client } from '@temporalio/client';

/** Time from the start of the attempt that counts until Temporal had its result. */
export interface Span {
  fromMs: number;
  toMs: number;
}

/** Steps of a run that came to their end, by the activity's name; of several the last one. */
export type FinishedSteps = Map<string, Span>;

type History = Awaited<ReturnType<ReturnType<Client['workflow']['getHandle']>['fetchHistory']>>;

export function finishedSteps({ events }: History): FinishedSteps {
  const names = new Map<string, string>();
  const starts = new Map<string, number>();
  const finished: FinishedSteps = new Map();
  for (const event of events ?? []) {
    const {
      activityTaskScheduledEventAttributes: scheduled,
      activityTaskStartedEventAttributes: started,
      activityTaskCompletedEventAttributes: completed,
    } = event;
    const atMs =
      Number(event.eventTime?.seconds ?? 0) * 1_000 + (event.eventTime?.nanos ?? 0) / 1e6;
    const step = String((started ?? completed)?.scheduledEventId ?? event.eventId);
    if (scheduled != null) names.set(step, scheduled.activityType?.name ?? '');
    if (started != null) starts.set(step, atMs);
    if (completed == null) continue;
    finished.set(names.get(step) ?? '', { fromMs: starts.get(step) ?? 0, toMs: atMs });
  }
  return finished;
}

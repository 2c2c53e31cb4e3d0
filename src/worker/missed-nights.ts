import type { Client } from '@temporalio/client';
import type { Logger } from '@temporalio/worker';
import { notifyMissedNights } from '../client/schedules/notify-missed-nights.ts';
import type { Store } from '../store/store.ts';

/** Time between two checks of the schedules. */
const EVERY_MS = 10 * 60_000;

export interface MissedNightWatch {
  stop(): void;
}

/** Looks for missed nights now, and again every ten minutes. A check that fails is logged. */
export function watchMissedNights(
  client: Client,
  store: Store,
  taskQueue: string,
  logger: Logger,
): MissedNightWatch {
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  const look = async (): Promise<void> => {
    try {
      const started = await notifyMissedNights(client, store, { taskQueue });
      if (started.length > 0) logger.warn(`nights were missed: ${started.join(', ')}`);
    } catch (error) {
      if (!stopped) logger.warn('the schedules were not checked', { error: String(error) });
    }
    if (!stopped) timer = setTimeout(() => void look(), EVERY_MS).unref();
  };
  void look();
  return {
    stop: () => {
      stopped = true;
      clearTimeout(timer);
    },
  };
}

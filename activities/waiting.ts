import type { ActivityDeps } from './deps.ts';
import type { WaitReason } from './step-event.ts';

/** Reports the run as waiting (metric `rowmill_waiting_runs`) while `wait` is pending. */
export async function trackWaiting<R>(
  deps: ActivityDeps,
  provider: string,
  reason: WaitReason,
  wait: () => Promise<R>,
): Promise<R> {
  deps.onEvent?.({ type: 'wait began', provider, for: reason });
  try {
    return await wait();
  } finally {
    deps.onEvent?.({ type: 'wait ended', provider, for: reason });
  }
}

import type { ActivityDeps } from './deps.ts';
import type { Awaited } from './step-event.ts';

/** Tells whoever counts that a run waits, for as long as it does. */
export async function whileWaiting<R>(
  deps: ActivityDeps,
  provider: string,
  awaited: Awaited,
  wait: () => Promise<R>,
): Promise<R> {
  deps.onEvent?.({ type: 'wait began', provider, for: awaited });
  try {
    return await wait();
  } finally {
    deps.onEvent?.({ type: 'wait ended', provider, for: awaited });
  }
}

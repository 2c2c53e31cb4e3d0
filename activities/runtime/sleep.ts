import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Waits; rejects with the reason of the signal as soon as it is aborted.
 *
 * The SDK's own `sleep` (1.24.0) leaves a reaction at the promise `cancelled` each time, so a wait of
 * hours would keep a timer and its closures for each of its polls.
 */
export async function sleepWhile(signal: AbortSignal, ms: number): Promise<void> {
  try {
    await sleep(ms, undefined, { signal });
  } catch (error) {
    throw signal.aborted ? signal.reason : error;
  }
}

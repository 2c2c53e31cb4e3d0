import { RowmillError } from '../src/errors.ts';
import type { Step } from './step.ts';

/** Failed tries of one read before the attempt is given up and Temporal starts another. */
const TRIES = 5;
const PAUSE_MS = 1_000;
/** Asked to wait longer than this, the attempt ends: Temporal waits without holding a slot. */
const PATIENCE_MS = 60_000;

/**
 * Reads until it works. A read changes nothing: a hiccup of the API must not throw away what an
 * attempt has found out so far. Lasting trouble is Temporal's.
 */
export async function readPatiently<R>(
  step: Pick<Step<unknown>, 'sleep'>,
  read: () => Promise<R>,
): Promise<R> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await read();
    } catch (error) {
      if (!(error instanceof RowmillError) || !error.retryable || tries === TRIES) throw error;
      const pauseMs = error.retryAfterMs ?? PAUSE_MS * 2 ** (tries - 1);
      if (pauseMs > PATIENCE_MS) throw error;
      await step.sleep(pauseMs);
    }
  }
}

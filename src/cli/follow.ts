import type { RowmillRun } from '../client/rowmill-run.ts';
import type { RunSummary } from '../contract/run.ts';
import type { RowmillError } from '../errors.ts';
import { sanitize } from './printable.ts';
import type { ProgressView } from './progress/index.ts';

export interface ShownFollowOptions {
  run: RowmillRun;
  ui: string | null;
  view: ProgressView;
  /** Ends the following, not the run. */
  signal: AbortSignal;
  /** Settles when the server or the worker of the session is lost. */
  broken?: Promise<RowmillError> | undefined;
}

/**
 * Shows the run until it ends, through restarts of worker and server alike. `null` when the signal
 * came first.
 * @throws RowmillError with the code the run failed with, or `run_not_found`
 */
export async function follow(options: ShownFollowOptions): Promise<RunSummary | null> {
  const { run, ui, view, signal, broken } = options;
  const over = new AbortController();
  const looks = run.progress({
    intervalMs: view.intervalMs,
    signal: AbortSignal.any([signal, over.signal]),
  });
  try {
    for (;;) {
      const look = await unlessBroken(looks.next(), broken);
      if (look.done === true) return look.value;
      const { progress, lastKnown, warning } = look.value;
      const told = warning === null ? null : sanitize(warning);
      view.show({ workflowId: run.id, progress, lastKnown, warning: told, ui, nowMs: Date.now() });
    }
  } finally {
    over.abort();
    view.end();
  }
}

/** @throws RowmillError of `broken` where it settles first */
export const unlessBroken = <T>(
  work: Promise<T>,
  broken: Promise<RowmillError> | undefined,
): Promise<T> =>
  broken === undefined ? work : Promise.race([work, broken.then((error) => Promise.reject(error))]);

import type { RowmillRun } from '../../client/rowmill-run.ts';
import { EXIT, type RowmillError } from '../../errors.ts';
import type { RunSummary } from '../../contract/run.ts';
import type { Cli } from '../io/context.ts';
import { printSummary } from '../io/summary.ts';
import { progressView, type ProgressView } from '../progress/index.ts';
import { sanitize } from '../io/sanitize.ts';
import { printInterrupted } from './signals.ts';
import type { Session } from './session.ts';

export interface FollowFlags {
  embedded?: true;
  json?: true;
}

/** Shows a run until it ends and prints its summary; after Ctrl-C, prints how to return to it. */
export async function followToEnd(
  cli: Cli,
  { broken, linkTo }: Session,
  run: RowmillRun,
  flags: FollowFlags,
  signal: AbortSignal,
): Promise<void> {
  const json = flags.json === true;
  const embedded = flags.embedded === true;
  const { id: workflowId, runId } = run;
  const ui = linkTo({ workflowId, runId });
  const view = progressView(cli);
  const summary = await follow({ run, ui, view, signal, broken });
  if (summary !== null) {
    printSummary(cli, summary, { ui, json, embedded });
    return;
  }
  printInterrupted(cli, workflowId, embedded);
  if (json) cli.json({ workflowId, runId, interrupted: true, ui });
  cli.exitWith(EXIT.interrupted);
}

/** Leaves a started run to its worker. */
export function detach(
  cli: Cli,
  { linkTo }: Session,
  { id: workflowId, runId, attached }: RowmillRun,
  { json }: FollowFlags,
): void {
  cli.log(`Come back with: rowmill watch ${workflowId}`);
  if (json === true) cli.json({ workflowId, runId, attached, ui: linkTo({ workflowId, runId }) });
  else cli.print(workflowId);
}

export interface ShownFollowOptions {
  run: RowmillRun;
  ui: string | null;
  view: ProgressView;
  /** Ends the following, not the run. */
  signal: AbortSignal;
  /** Resolves with an error when the server or the worker of the session is lost. */
  broken?: Promise<RowmillError> | undefined;
}

/**
 * Shows the run until it ends, through restarts of worker and server. Returns `null` if the signal
 * fired first.
 * @throws RowmillError with the code the run failed with, or `run_not_found`
 */
export async function follow(options: ShownFollowOptions): Promise<RunSummary | null> {
  const { run, ui, view, signal, broken } = options;
  const over = new AbortController();
  const updates = run.progress({
    intervalMs: view.intervalMs,
    signal: AbortSignal.any([signal, over.signal]),
    broken,
  });
  try {
    for (;;) {
      const update = await updates.next();
      if (update.done === true) return update.value;
      const { progress, lastKnown, warning } = update.value;
      const shown = warning === null ? null : sanitize(warning);
      view.show({ workflowId: run.id, progress, lastKnown, warning: shown, ui, nowMs: Date.now() });
    }
  } finally {
    over.abort();
    view.end();
  }
}

/** Awaits a promise. @throws RowmillError of `broken` if it resolves first */
export const unlessBroken = <T>(
  work: Promise<T>,
  broken: Promise<RowmillError> | undefined,
): Promise<T> =>
  broken === undefined ? work : Promise.race([work, broken.then((error) => Promise.reject(error))]);

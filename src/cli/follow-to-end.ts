import type { RowmillRun } from '../client/rowmill-run.ts';
import { EXIT } from '../errors.ts';
import type { Cli } from './context.ts';
import { printSummary } from './finish.ts';
import { follow } from './follow.ts';
import { printInterrupted } from './interruption.ts';
import { progressView } from './progress/index.ts';
import type { Session } from './session.ts';

export interface FollowFlags {
  embedded?: true;
  json?: true;
}

/** Shows a run until it ends and prints its summary; after Ctrl-C, how to come back to it. */
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

/** Leaves a run that has been started to its worker. */
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

import type { RowmillRun } from '../../client/rowmill-run.ts';
import type { Cli } from '../io/context.ts';
import { refuseDetached, withRunSession } from '../run/embedded-session.ts';
import { detach, followToEnd } from '../run/follow.ts';
import { runToActOn, printConnectHint, type Session } from '../run/session.ts';
import { askAboutUnfinished } from '../run/unfinished.ts';

export interface RerunFlags {
  detach?: true;
  embedded?: true;
  json?: true;
  yes?: true;
}

/** Adds a pass to a run in progress; continues one that has ended with a new run. */
export async function rerun(cli: Cli, workflowId: string, flags: RerunFlags): Promise<void> {
  refuseDetached(flags);
  await withRunSession(cli, flags, (session, signal) =>
    perform(cli, session, workflowId, flags, signal),
  );
}

async function perform(
  cli: Cli,
  session: Session,
  workflowId: string,
  flags: RerunFlags,
  signal: AbortSignal,
): Promise<void> {
  const { rowmill } = session;
  const newest = await rowmill.newest(workflowId);
  if (flags.embedded === true) {
    const isThis = (id: string): boolean =>
      id === newest.id || id === workflowId || id.startsWith(`${workflowId}-rerun-`);
    await askAboutUnfinished(cli, session, isThis, signal);
  }
  if (!newest.isRunning || newest.run === null) {
    const run = await rowmill.rerun(workflowId, { approve: flags.yes === true });
    const verb = run.attached ? 'Attached to' : 'Started';
    cli.log(`${verb} ${cli.style('bold', run.id)}: goes on with ${newest.id}`);
    await followed(cli, session, run, flags, signal);
  } else if (flags.embedded === true) {
    // The process of this run ended in the middle; the resumed run retries failed cells by itself.
    cli.log(`Attached to ${cli.style('bold', newest.id)}, which was not finished`);
    await followed(cli, session, newest.run, flags, signal);
  } else {
    await askForAPass(cli, await runToActOn(cli, session, newest.id), flags);
  }
}

async function askForAPass(cli: Cli, run: RowmillRun, { json }: RerunFlags): Promise<void> {
  const { id: workflowId } = await run.rerun();
  if (json === true) cli.json({ workflowId, rerunRequested: true });
  else cli.print(`${workflowId}: one more pass over the failed cells follows those in progress`);
  cli.log(`See: rowmill watch ${workflowId}`);
}

async function followed(
  cli: Cli,
  session: Session,
  run: RowmillRun,
  flags: RerunFlags,
  signal: AbortSignal,
): Promise<void> {
  const { id: workflowId, runId } = run;
  await session.wake?.(run.taskQueue);
  const ui = session.linkTo({ workflowId, runId });
  if (ui !== null) cli.log(ui);
  printConnectHint(cli, session, workflowId);
  if (flags.detach === true) detach(cli, session, run, flags);
  else await followToEnd(cli, session, run, flags, signal);
}

import { openStore } from '../../client/environment.ts';
import { latestRun, type LatestRun } from '../../client/latest-run.ts';
import { rerunRun } from '../../client/rerun-run.ts';
import type { StartedRun } from '../../client/start-run.ts';
import { updateRun } from '../../client/update-run.ts';
import { UPDATE } from '../../contract/names.ts';
import type { Cli } from '../context.ts';
import { refuseDetached, withRunSession } from '../embedded-session.ts';
import { detach, followToEnd } from '../follow-to-end.ts';
import { runToActOn, sayWhere, type Session } from '../session.ts';
import { askAboutUnfinished } from '../unfinished.ts';

export interface RerunFlags {
  detach?: true;
  embedded?: true;
  json?: true;
  yes?: true;
}

/** A run under way makes one more pass; one that has ended is taken up by a new run. */
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
  const latest = await latestRun(session.client, workflowId, openStore(cli.env));
  const { description } = latest;
  if (flags.embedded === true) {
    const isThis = ({ workflowId: id }: { workflowId: string }): boolean =>
      id === latest.workflowId || id === workflowId || id.startsWith(`${workflowId}-rerun-`);
    await askAboutUnfinished(cli, session, isThis, signal);
  }
  if (!latest.isRunning || description === null) {
    const started = await takeUp(cli, session, workflowId, latest, flags);
    await followed(cli, session, started, flags, signal);
  } else if (flags.embedded === true) {
    // Its process has ended in the middle; it reruns what failed by itself.
    const { runId, taskQueue } = description;
    cli.say(`Attached to ${cli.tint('bold', latest.workflowId)}, which was not finished`);
    const run = { workflowId: latest.workflowId, runId, attached: true };
    await followed(cli, session, { ...run, taskQueue }, flags, signal);
  } else {
    const { taskQueue } = await runToActOn(cli, session, latest.workflowId);
    await askForAPass(cli, session, latest.workflowId, taskQueue, flags);
  }
}

type Followed = StartedRun & { taskQueue: string };

async function takeUp(
  cli: Cli,
  { client, searchAttributes, taskQueue: ours }: Session,
  workflowId: string,
  latest: LatestRun,
  { yes }: RerunFlags,
): Promise<Followed> {
  const taskQueue = latest.description?.taskQueue ?? ours;
  const started = await rerunRun(client, workflowId, {
    ...{ taskQueue, searchAttributes, store: openStore(cli.env) },
    ...(yes === true ? { approved: true } : {}),
  });
  const verb = started.attached ? 'Attached to' : 'Started';
  cli.say(`${verb} ${cli.tint('bold', started.workflowId)}: goes on with ${latest.workflowId}`);
  return { ...started, taskQueue };
}

async function askForAPass(
  cli: Cli,
  { client }: Session,
  workflowId: string,
  taskQueue: string,
  { json }: RerunFlags,
): Promise<void> {
  await updateRun(client, workflowId, taskQueue, UPDATE.rerunFailed);
  if (json === true) cli.json({ workflowId, rerunAsked: true });
  else cli.print(`${workflowId}: one more pass over the failed cells follows those under way`);
  cli.say(`See: rowmill watch ${workflowId}`);
}

async function followed(
  cli: Cli,
  session: Session,
  started: Followed,
  flags: RerunFlags,
  signal: AbortSignal,
): Promise<void> {
  await session.wake?.(started.taskQueue);
  const ui = session.linkTo(started);
  if (ui !== null) cli.say(ui);
  sayWhere(cli, session, started.workflowId);
  if (flags.detach === true) detach(cli, session, started, flags);
  else await followToEnd(cli, session, started, flags, signal);
}

import { openStore } from '../../client/environment.ts';
import { latestRun, rerunRun } from '../../client/rerun-run.ts';
import type { StartedRun } from '../../client/start-run.ts';
import { updateRun } from '../../client/update-run.ts';
import { UPDATE } from '../../contract/names.ts';
import { EXIT } from '../../errors.ts';
import type { Cli } from '../context.ts';
import { finish } from '../finish.ts';
import { follow } from '../follow.ts';
import { interruption } from '../interruption.ts';
import { progressView } from '../progress/index.ts';
import { withSession, type Session } from '../session.ts';

export interface RerunFlags {
  detach?: true;
  json?: true;
  yes?: true;
}

/** A run under way makes one more pass; one that has ended is taken up by a new run. */
export async function rerun(cli: Cli, workflowId: string, flags: RerunFlags): Promise<void> {
  await withSession(cli, async (session) => {
    const { client, searchAttributes } = session;
    const latest = await latestRun(client, workflowId);
    if (latest.isRunning && latest.description !== null) {
      await askForAPass(cli, session, latest.workflowId, latest.description.taskQueue, flags);
      return;
    }
    const taskQueue = latest.description?.taskQueue ?? session.taskQueue;
    const started = await rerunRun(client, workflowId, {
      taskQueue,
      searchAttributes,
      store: openStore(cli.env),
      ...(flags.yes === true ? { approved: true } : {}),
    });
    const verb = started.attached ? 'Attached to' : 'Started';
    cli.say(`${verb} ${cli.tint('bold', started.workflowId)}: goes on with ${latest.workflowId}`);
    await followed(cli, session, { ...started, taskQueue }, flags);
  });
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
  { client, linkTo }: Session,
  started: StartedRun & { taskQueue: string },
  flags: RerunFlags,
): Promise<void> {
  const { workflowId, runId, attached, taskQueue } = started;
  const json = flags.json === true;
  const ui = linkTo(started);
  if (ui !== null) cli.say(ui);
  if (flags.detach === true) {
    cli.say(`Come back with: rowmill watch ${workflowId}`);
    if (json) cli.json({ workflowId, runId, attached, ui });
    else cli.print(workflowId);
    return;
  }
  const stop = interruption();
  const { signal } = stop;
  const view = progressView(cli);
  const summary = await follow({ client, workflowId, runId, taskQueue, ui, view, signal });
  if (summary === null) {
    cli.say(`The run goes on. Come back with: rowmill watch ${workflowId}`);
    if (json) cli.json({ workflowId, runId, interrupted: true, ui });
    cli.exitWith(EXIT.interrupted);
  } else {
    finish(cli, summary, { ui, json });
  }
  stop.release();
}

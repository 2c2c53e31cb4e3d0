import { describeRun } from '../../client/find-run.ts';
import { liveProgress } from '../../client/live-progress.ts';
import { updateRun } from '../../client/update-run.ts';
import { UPDATE } from '../../contract/names.ts';
import type { Cli } from '../context.ts';
import { followToEnd } from '../follow-to-end.ts';
import { interruption } from '../interruption.ts';
import { type HereFlags, withRuns } from '../runs-session.ts';
import { isAsleep, type Session } from '../session.ts';

/** Lets a paused run go on. A run that is asleep in the state of this folder is followed to its end. */
export async function resume(cli: Cli, workflowId: string, flags: HereFlags): Promise<void> {
  await withRuns(cli, flags, async (session) => {
    const { client } = session;
    const run = await describeRun(client, workflowId);
    if (await isAsleep(session, run)) {
      await resumeHere(cli, session, run);
      return;
    }
    await updateRun(client, workflowId, run.taskQueue, UPDATE.resume);
    cli.print(`${workflowId}: goes on`);
    cli.say(`See: rowmill watch ${workflowId}`);
  });
}

type SleepingRun = Pick<
  Awaited<ReturnType<typeof describeRun>>,
  'workflowId' | 'runId' | 'taskQueue'
>;

/** Its worker lives in this process: the run goes on as long as the command does. */
async function resumeHere(cli: Cli, session: Session, run: SleepingRun): Promise<void> {
  const { workflowId, runId, taskQueue } = run;
  const stop = interruption();
  try {
    await session.wake?.(taskQueue);
    cli.say(`${cli.tint('bold', workflowId)} goes on while this command runs`);
    const progress = await liveProgress(session.client.workflow.getHandle(workflowId, runId));
    if (progress !== null && progress.paused !== null) {
      await updateRun(session.client, workflowId, taskQueue, UPDATE.resume);
    }
    await followToEnd(
      cli,
      session,
      { workflowId, runId, taskQueue },
      { embedded: true },
      stop.signal,
    );
  } finally {
    stop.release();
  }
}

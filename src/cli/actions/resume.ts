import type { RowmillRun } from '../../client/rowmill-run.ts';
import type { Cli } from '../io/context.ts';
import { followToEnd } from '../run/follow.ts';
import { interruption } from '../run/signals.ts';
import { type HereFlags, withRuns } from '../run/runs-session.ts';
import { isAsleep, type Session } from '../run/session.ts';

/** Resumes a paused run. Follows an embedded run without a worker to its end. */
export async function resume(cli: Cli, workflowId: string, flags: HereFlags): Promise<void> {
  await withRuns(cli, flags, async (session) => {
    const run = await session.rowmill.attach(workflowId);
    if (await isAsleep(session, run)) {
      await resumeHere(cli, session, run);
      return;
    }
    await run.resume();
    cli.print(`${workflowId}: goes on`);
    cli.log(`See: rowmill watch ${workflowId}`);
  });
}

/** Follows the run, whose worker lives in this process. */
async function resumeHere(cli: Cli, session: Session, run: RowmillRun): Promise<void> {
  const stop = interruption();
  try {
    await session.wake?.(run.taskQueue);
    cli.log(`${cli.style('bold', run.id)} goes on while this command runs`);
    const { progress } = await run.status();
    if (progress !== null && progress.paused !== null) await run.resume();
    await followToEnd(cli, session, run, { embedded: true }, stop.signal);
  } finally {
    stop.release();
  }
}

import { RowmillError } from '../../errors.ts';
import type { Cli } from '../io/context.ts';
import { followToEnd } from '../run/follow.ts';
import { interruption } from '../run/signals.ts';
import { type HereFlags, withRuns } from '../run/runs-session.ts';
import { isAsleep } from '../run/session.ts';

export interface WatchFlags extends HereFlags {
  json?: true;
}

export async function watch(cli: Cli, workflowId: string, flags: WatchFlags): Promise<void> {
  await withRuns(cli, flags, async (session) => {
    const run = await session.rowmill.attach(workflowId);
    if (await isAsleep(session, run)) {
      throw new RowmillError('action_refused', 'it is asleep: no worker serves it here', {
        where: `run ${workflowId}`,
        remedy: `Go on with \`rowmill resume ${workflowId}\`, or end it with \`rowmill cancel ${workflowId}\`.`,
      });
    }
    const stop = interruption();
    await followToEnd(cli, session, run, flags, stop.signal);
    stop.release();
  });
}

import { describeRun } from '../../client/find-run.ts';
import type { Cli } from '../context.ts';
import { followToEnd } from '../follow-to-end.ts';
import { interruption } from '../interruption.ts';
import { withSession } from '../session.ts';

export interface WatchFlags {
  json?: true;
}

export async function watch(cli: Cli, workflowId: string, flags: WatchFlags): Promise<void> {
  await withSession(cli, async (session) => {
    const { runId, taskQueue } = await describeRun(session.client, workflowId);
    const stop = interruption();
    await followToEnd(cli, session, { workflowId, runId, taskQueue }, flags, stop.signal);
    stop.release();
  });
}

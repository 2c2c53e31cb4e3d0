import { liveProgress } from '../../client/live-progress.ts';
import { updateRun } from '../../client/update-run.ts';
import type { Cli } from '../context.ts';
import { UPDATE } from '../../contract/names.ts';
import { count } from '../figures.ts';
import { type HereFlags, withRuns } from '../runs-session.ts';
import { runToActOn } from '../session.ts';
import { whoAmI } from '../who-am-i.ts';

export async function approve(cli: Cli, workflowId: string, flags: HereFlags): Promise<void> {
  await withRuns(cli, flags, async (session) => {
    const { client } = session;
    const { taskQueue, runId } = await runToActOn(cli, session, workflowId);
    const before = await liveProgress(client.workflow.getHandle(workflowId, runId));
    const by = whoAmI();
    await updateRun(client, workflowId, taskQueue, UPDATE.approveSpend, by === null ? {} : { by });
    const credits = before?.asksFor?.credits ?? before?.estimatedCredits;
    const sum = credits === undefined ? '' : `, about ${count(credits, 'credit')}`;
    cli.print(`${workflowId}: approved${sum}`);
    cli.say(`See: rowmill watch ${workflowId}`);
  });
}

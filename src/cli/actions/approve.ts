import { liveProgress } from '../../client/live-progress.ts';
import { describeRun } from '../../client/find-run.ts';
import { updateRun } from '../../client/update-run.ts';
import type { Cli } from '../context.ts';
import { UPDATE } from '../../contract/names.ts';
import { count } from '../figures.ts';
import { withSession } from '../session.ts';
import { whoAmI } from '../who-am-i.ts';

export async function approve(cli: Cli, workflowId: string): Promise<void> {
  await withSession(cli, async ({ client }) => {
    const { taskQueue, runId } = await describeRun(client, workflowId);
    const before = await liveProgress(client.workflow.getHandle(workflowId, runId));
    const by = whoAmI();
    await updateRun(client, workflowId, taskQueue, UPDATE.approveSpend, by === null ? {} : { by });
    const credits = before?.asksFor?.credits ?? before?.estimatedCredits;
    const sum = credits === undefined ? '' : `, about ${count(credits, 'credit')}`;
    cli.print(`${workflowId}: approved${sum}`);
    cli.say(`See: rowmill watch ${workflowId}`);
  });
}

import { describeRun } from '../../client/find-run.ts';
import { updateRun } from '../../client/update-run.ts';
import { UPDATE } from '../../contract/names.ts';
import type { Cli } from '../context.ts';
import { withSession } from '../session.ts';

export async function resume(cli: Cli, workflowId: string): Promise<void> {
  await withSession(cli, async ({ client }) => {
    const { taskQueue } = await describeRun(client, workflowId);
    await updateRun(client, workflowId, taskQueue, UPDATE.resume);
    cli.print(`${workflowId}: goes on`);
    cli.say(`See: rowmill watch ${workflowId}`);
  });
}

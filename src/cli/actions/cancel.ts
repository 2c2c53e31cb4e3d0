import { cancelRun } from '../../client/cancel-run.ts';
import { describeRun } from '../../client/start-run.ts';
import type { Cli } from '../context.ts';
import { withSession } from '../session.ts';
import { hasWorker, noWorkerText } from '../../client/workers.ts';

/** Asks the run to stop; it publishes what is there and ends as `cancelled`. */
export async function cancel(cli: Cli, workflowId: string): Promise<void> {
  await withSession(cli, async ({ client }) => {
    const { taskQueue } = await describeRun(client, workflowId);
    await cancelRun(client, workflowId);
    cli.print(`${workflowId}: cancel requested`);
    cli.say('What is done so far is published; the run then ends as `cancelled`.');
    cli.say('Cells already asked for go on at the provider, and cost: it cannot be told to stop.');
    if (!(await hasWorker(client, taskQueue))) {
      cli.say(`It happens when a worker is there: ${noWorkerText(taskQueue)}`);
    }
    cli.say(`See: rowmill watch ${workflowId}`);
  });
}

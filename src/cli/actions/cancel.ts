import { cancelRun } from '../../client/cancel-run.ts';
import { liveProgress, type LiveProgress } from '../../client/live-progress.ts';
import { describeRun } from '../../client/find-run.ts';
import { noWorkerText, servedNow } from '../../client/workers.ts';
import type { Cli } from '../context.ts';
import { count } from '../figures.ts';
import { type HereFlags, withRuns } from '../runs-session.ts';
import { isAsleep } from '../session.ts';
import { cancelAsleep } from '../unfinished.ts';

/** Asks the run to stop; it publishes what is there and ends as `cancelled`. */
export async function cancel(cli: Cli, workflowId: string, flags: HereFlags): Promise<void> {
  await withRuns(cli, flags, async (session) => {
    const { client } = session;
    const run = await describeRun(client, workflowId);
    if (await isAsleep(session, run)) {
      await cancelAsleep(cli, session, run);
      return;
    }
    const { taskQueue, status } = run;
    const served = await servedNow(client, taskQueue);
    const progress =
      served !== 'no' && status.name === 'RUNNING'
        ? await liveProgress(client.workflow.getHandle(workflowId))
        : null;
    await cancelRun(client, workflowId);
    cli.print(`${workflowId}: cancel requested`);
    cli.say('What is done so far is published; the run then ends as `cancelled`.');
    cli.say(stillCosts(progress));
    if (served === 'no' || (served === 'perhaps' && progress === null)) {
      cli.say(`It happens when a worker is there: ${noWorkerText(taskQueue)}`);
    }
    cli.say(`See: rowmill watch ${workflowId}`);
  });
}

/** What cannot be called back is named. */
function stillCosts(progress: LiveProgress | null): string {
  const going = progress?.cells.inProgress ?? 0;
  const cells = going === 0 ? 'Cells already asked for' : `${count(going, 'cell')} in flight`;
  const table = progress?.tableUrl ?? progress?.tableId ?? null;
  const place = going === 0 || table === null ? '' : ` (table ${table})`;
  return `${cells} go on at the provider${place}, and cost, where it cannot be told to stop.`;
}

import type { LiveProgress } from '../../client/runs/lookup/live-progress.ts';
import type { Cli } from '../io/context.ts';
import { formatCount } from '../io/format.ts';
import { type HereFlags, withRuns } from '../run/runs-session.ts';
import { isAsleep } from '../run/session.ts';
import { cancelAsleep, cancelRequest } from '../run/unfinished.ts';

/** Asks the run to stop; it publishes its answers and ends as `cancelled`. */
export async function cancel(cli: Cli, workflowId: string, flags: HereFlags): Promise<void> {
  await withRuns(cli, flags, async (session) => {
    const run = await session.rowmill.attach(workflowId);
    if (await isAsleep(session, run)) {
      await cancelAsleep(cli, session, run);
      return;
    }
    const { progress, warning } = await run.status();
    await run.cancel(cancelRequest());
    cli.print(`${workflowId}: cancel requested`);
    cli.log('What is done so far is published; the run then ends as `cancelled`.');
    cli.log(stillCosts(progress));
    if (warning !== null) cli.log(`It happens when a worker is there: ${warning}`);
    cli.log(`See: rowmill watch ${workflowId}`);
  });
}

/** Names the cells that continue at the provider and will be paid. */
function stillCosts(progress: LiveProgress | null): string {
  const going = progress?.cells.inProgress ?? 0;
  const cells = going === 0 ? 'Cells already asked for' : `${formatCount(going, 'cell')} in flight`;
  const table = progress?.tableUrl ?? progress?.tableId ?? null;
  const place = going === 0 || table === null ? '' : ` (table ${table})`;
  return `${cells} go on at the provider${place}, and cost, where its API cannot stop them.`;
}

import { type Cli, currentUser } from '../io/context.ts';
import { formatCount } from '../io/format.ts';
import { type HereFlags, withRuns } from '../run/runs-session.ts';
import { runToActOn } from '../run/session.ts';

export async function approve(cli: Cli, workflowId: string, flags: HereFlags): Promise<void> {
  await withRuns(cli, flags, async (session) => {
    const run = await runToActOn(cli, session, workflowId);
    const { progress: before } = await run.status();
    const by = currentUser();
    await run.approve(by === null ? {} : { by });
    const { pendingApproval, estimatedCredits } = before ?? {};
    const credits = pendingApproval?.credits ?? estimatedCredits;
    const sum = credits === undefined ? '' : `, about ${formatCount(credits, 'credit')}`;
    const what = pendingApproval?.failed === undefined ? sum : '; its results are published';
    cli.print(`${workflowId}: approved${what}`);
    cli.log(`See: rowmill watch ${workflowId}`);
  });
}

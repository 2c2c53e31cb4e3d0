import type { Cli } from '../context.ts';
import { count } from '../figures.ts';
import { type HereFlags, withRuns } from '../runs-session.ts';
import { runToActOn } from '../session.ts';
import { whoAmI } from '../who-am-i.ts';

export async function approve(cli: Cli, workflowId: string, flags: HereFlags): Promise<void> {
  await withRuns(cli, flags, async (session) => {
    const run = await runToActOn(cli, session, workflowId);
    const { progress: before } = await run.status();
    const by = whoAmI();
    await run.approve(by === null ? {} : { by });
    const credits = before?.asksFor?.credits ?? before?.estimatedCredits;
    const sum = credits === undefined ? '' : `, about ${count(credits, 'credit')}`;
    cli.print(`${workflowId}: approved${sum}`);
    cli.say(`See: rowmill watch ${workflowId}`);
  });
}

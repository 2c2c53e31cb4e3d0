import { describeRun } from '../../client/start-run.ts';
import { EXIT } from '../../errors.ts';
import type { Cli } from '../context.ts';
import { finish } from '../finish.ts';
import { follow } from '../follow.ts';
import { interruption } from '../interruption.ts';
import { progressView } from '../progress/index.ts';
import { withSession } from '../session.ts';

export interface WatchFlags {
  json?: true;
}

export async function watch(cli: Cli, workflowId: string, flags: WatchFlags): Promise<void> {
  await withSession(cli, async ({ client, linkTo }) => {
    const { runId, taskQueue } = await describeRun(client, workflowId);
    const ui = linkTo({ workflowId, runId });
    const view = progressView(cli);
    const stop = interruption();
    const { signal } = stop;
    const summary = await follow({ client, workflowId, runId, taskQueue, ui, view, signal });
    if (summary === null) {
      cli.say(`The run goes on. Come back with: rowmill watch ${workflowId}`);
      if (flags.json === true) cli.json({ workflowId, runId, interrupted: true, ui });
      cli.exitWith(EXIT.interrupted);
    } else {
      finish(cli, summary, { ui, json: flags.json === true });
    }
    stop.release();
  });
}

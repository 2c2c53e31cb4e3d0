import type { Pipeline } from '../../../contract/pipeline.ts';
import { RowmillSchedules } from '../../../client/rowmill-schedules.ts';
import type { BackfillPlan } from '../../../client/schedules/index.ts';
import type { Cli } from '../../context.ts';
import { count } from '../../figures.ts';
import { numberFlag } from '../../number-flag.ts';
import { confirmRuns } from '../../schedule-cost.ts';
import { withSession } from '../../session.ts';

export interface BackfillFlags {
  from: string;
  to: string;
  most: string;
  yes?: true;
  json?: true;
}

/** Starts what did not take place between two days or times. */
export async function backfill(cli: Cli, name: string, flags: BackfillFlags): Promise<void> {
  const span = RowmillSchedules.readSpan(flags, (edge) => `--${edge}`);
  const mostRuns = numberFlag('--most', flags.most, { least: 1, most: 1_000, whole: true });
  await withSession(cli, async ({ rowmill }) => {
    const yes = flags.yes === true;
    const options = {
      ...span,
      mostRuns,
      confirm: ({ due }: BackfillPlan, pipeline: Pipeline) =>
        confirmRuns(cli, pipeline, due.length, { yes, where: `schedule ${name}` }),
    };
    const { due, there } = await rowmill.schedules.backfill(name, options);
    if (flags.json === true) {
      cli.json({ name, started: due, there });
      return;
    }
    for (const { dueAt, workflowId } of there) cli.say(`${dueAt} had its run: ${workflowId}`);
    if (due.length === 0) cli.print('nothing to start: every time of the span had its run');
    else cli.print(`${count(due.length, 'run')} started, one after the other: ${due.join(', ')}`);
    cli.say(`See: rowmill schedule describe ${name}`);
  });
}

import type { Pipeline } from '../../../contract/pipeline.ts';
import { RowmillSchedules } from '../../../client/rowmill-schedules.ts';
import type { BackfillPlan } from '../../../client/schedules/index.ts';
import type { Cli } from '../../io/context.ts';
import { formatCount } from '../../io/format.ts';
import { numberFlag } from '../../io/number-flag.ts';
import { confirmRuns } from '../../io/schedule-cost.ts';
import { withSession } from '../../run/session.ts';

export interface BackfillFlags {
  from: string;
  to: string;
  maxRuns: string;
  yes?: true;
  json?: true;
}

/** Starts the missing runs between two days or times. */
export async function backfill(cli: Cli, name: string, flags: BackfillFlags): Promise<void> {
  const span = RowmillSchedules.readSpan(flags, (edge) => `--${edge}`);
  const maxRuns = numberFlag('--max-runs', flags.maxRuns, { min: 1, max: 1_000, whole: true });
  await withSession(cli, async ({ rowmill }) => {
    const yes = flags.yes === true;
    const options = {
      ...span,
      maxRuns,
      confirm: ({ due }: BackfillPlan, pipeline: Pipeline) =>
        confirmRuns(cli, pipeline, due.length, { yes, where: `schedule ${name}` }),
    };
    const { due, existing } = await rowmill.schedules.backfill(name, options);
    if (flags.json === true) {
      cli.json({ name, started: due, existing });
      return;
    }
    for (const { dueAt, workflowId } of existing) cli.log(`${dueAt} had its run: ${workflowId}`);
    if (due.length === 0) cli.print('nothing to start: every time of the span had its run');
    else
      cli.print(
        `${formatCount(due.length, 'run')} started, one after the other: ${due.join(', ')}`,
      );
    cli.log(`See: rowmill schedule describe ${name}`);
  });
}

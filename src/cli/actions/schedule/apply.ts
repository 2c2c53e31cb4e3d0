import { existsSync } from 'node:fs';
import { RowmillSchedules } from '../../../client/rowmill-schedules.ts';
import type { Pipeline } from '../../../contract/pipeline.ts';
import { RowmillError } from '../../../errors.ts';
import { isYes } from '../../io/prompt-approval.ts';
import { isInteractive, type Cli } from '../../io/context.ts';
import { formatCount, zonedAndUtc } from '../../io/format.ts';
import { about, creditsOfOneRun } from '../../io/schedule-cost.ts';
import { withSession } from '../../run/session.ts';
import { oddDayText } from './show.ts';

export interface ApplyFlags {
  replace?: true;
  yes?: true;
  json?: true;
}

/** Applies the schedule of a pipeline file, and prints its next run. */
export async function apply(cli: Cli, file: string, flags: ApplyFlags): Promise<void> {
  // Rejects a pipeline that cannot be scheduled before a server is needed.
  const prepared = await RowmillSchedules.prepare({ pipeline: file, env: cli.env });
  await confirmNights(cli, file, prepared.pipeline, flags);
  await withSession(cli, async ({ rowmill }) => {
    const replace = flags.replace === true;
    const done = await rowmill.schedules.applyPrepared(prepared, { replace, isOfFile: true });
    const info = await rowmill.schedules.describe(done.name);
    if (flags.json === true) {
      cli.json({ ...done, schedule: info });
      return;
    }
    const changes = done.changed.length === 0 ? '' : `: ${done.changed.join(', ')}`;
    cli.print(`schedule ${done.name} ${done.done}${changes}`);
    const timezone = info.schedule?.timezone ?? 'UTC';
    const [next] = info.next;
    if (info.paused) cli.log(`It is paused${info.note === null ? '' : `: ${info.note}`}`);
    else if (next !== undefined) cli.log(`Next run: ${zonedAndUtc(next, timezone)}`);
    for (const day of info.clockChangeDays) cli.log(`Note: ${oddDayText(day, timezone)}`);
    sayWhatTheWorkerNeeds(cli, prepared.pipeline);
    cli.log(`See: rowmill schedule describe ${done.name}`);
  });
}

function sayWhatTheWorkerNeeds(cli: Cli, pipeline: Pipeline): void {
  const { source } = pipeline.rows;
  if (source.type === 'file') {
    const here = existsSync(source.path) ? '' : ' (it is not there on this machine)';
    cli.log(`The worker reads the rows from ${source.path}${here} when a run starts.`);
  }
  const { approveAbove } = pipeline.spend;
  if (approveAbove !== undefined) {
    cli.log(`A run above ${approveAbove} credits waits for \`rowmill approve\`, also at night.`);
  }
}

/** Prints what each run will cost; asks at a terminal before a schedule spends. */
async function confirmNights(
  cli: Cli,
  file: string,
  pipeline: Pipeline,
  { yes }: ApplyFlags,
): Promise<void> {
  const credits = await creditsOfOneRun(cli, pipeline);
  if (credits === null) return;
  const price = `${about(pipeline)} ${formatCount(credits, 'credit')}`;
  cli.log(`Each run: ${price}, by the rows as they are now`);
  if (yes === true || !isInteractive(cli)) return;
  if (await isYes(cli, 'Let it run by itself? [y/N] ')) return;
  throw new RowmillError('spend_refused', 'not confirmed; the schedule is as it was', {
    where: file,
    remedy: 'Repeat the command, or give --yes.',
  });
}

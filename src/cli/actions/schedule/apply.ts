import { existsSync } from 'node:fs';
import { taskQueueOf } from '../../../client/environment.ts';
import { refuseClashes } from '../../../client/own-paths.ts';
import { applySchedule, describeSchedule, planOf } from '../../../client/schedules/index.ts';
import { loadPipeline, type LoadedPipeline } from '../../../spec/index.ts';
import { RowmillError } from '../../../errors.ts';
import { isYes } from '../../approval.ts';
import { isInteractive, type Cli } from '../../context.ts';
import { count } from '../../figures.ts';
import { creditsOfOneRun } from '../../schedule-cost.ts';
import { withSession } from '../../session.ts';
import { zonedAndUtc } from '../../zoned-time.ts';
import { oddDayText } from './odd-day.ts';

export interface ApplyFlags {
  replace?: true;
  yes?: true;
  json?: true;
}

/** Makes the schedule of a pipeline file, and says when it runs next. */
export async function apply(cli: Cli, file: string, flags: ApplyFlags): Promise<void> {
  const loaded = await loadPipeline(file, { env: cli.env });
  await refuseClashes(loaded);
  // What cannot run by itself is refused before there is a server to talk to.
  planOf(loaded, { taskQueue: taskQueueOf(cli.env), searchAttributes: false });
  await confirmNights(cli, file, loaded, flags);
  await withSession(cli, async ({ client, taskQueue, searchAttributes }) => {
    const replace = flags.replace === true;
    const done = await applySchedule(client, loaded, { taskQueue, searchAttributes, replace });
    const standing = await describeSchedule(client, done.name);
    if (flags.json === true) {
      cli.json({ ...done, schedule: standing });
      return;
    }
    const changes = done.changed.length === 0 ? '' : `: ${done.changed.join(', ')}`;
    cli.print(`schedule ${done.name} ${done.done}${changes}`);
    const timezone = standing.schedule?.timezone ?? 'UTC';
    const [next] = standing.next;
    if (standing.paused)
      cli.say(`It is paused${standing.note === null ? '' : `: ${standing.note}`}`);
    else if (next !== undefined) cli.say(`Next run: ${zonedAndUtc(next, timezone)}`);
    for (const day of standing.oddDays) cli.say(`Mind: ${oddDayText(day, timezone)}`);
    sayWhatTheWorkerNeeds(cli, loaded);
    cli.say(`See: rowmill schedule describe ${done.name}`);
  });
}

function sayWhatTheWorkerNeeds(cli: Cli, { pipeline }: LoadedPipeline): void {
  const { source } = pipeline.rows;
  if (source.type === 'file') {
    const here = existsSync(source.path) ? '' : ' (it is not there on this machine)';
    cli.say(`The worker reads the rows from ${source.path}${here} when a run starts.`);
  }
  const { approveAbove } = pipeline.spend;
  if (approveAbove !== undefined) {
    cli.say(`A run above ${approveAbove} credits waits for \`rowmill approve\`, also at night.`);
  }
}

/** Says what each run will cost; at a terminal it asks before a schedule spends by itself. */
async function confirmNights(
  cli: Cli,
  file: string,
  { pipeline }: LoadedPipeline,
  { yes }: ApplyFlags,
): Promise<void> {
  const credits = await creditsOfOneRun(cli, pipeline);
  if (credits === null) return;
  cli.say(`Each run: about ${count(credits, 'credit')}, by the rows as they are now`);
  if (yes === true || !isInteractive(cli)) return;
  if (await isYes(cli, 'Let it run by itself? [y/N] ')) return;
  throw new RowmillError('spend_refused', 'not confirmed; the schedule is as it was', {
    where: file,
    remedy: 'Repeat the command, or give --yes.',
  });
}

import { backfillSchedule } from '../../../client/schedules/index.ts';
import { RowmillError } from '../../../errors.ts';
import type { Cli } from '../../context.ts';
import { count } from '../../figures.ts';
import { numberFlag } from '../../number-flag.ts';
import { withSession } from '../../session.ts';

export interface BackfillFlags {
  from: string;
  to: string;
  most: string;
  json?: true;
}

/** Starts what did not take place between two days or times. */
export async function backfill(cli: Cli, name: string, flags: BackfillFlags): Promise<void> {
  const span = { from: timeOf('--from', flags.from, 'start'), to: timeOf('--to', flags.to, 'end') };
  const mostRuns = numberFlag('--most', flags.most, { least: 1, most: 1_000, whole: true });
  await withSession(cli, async ({ client }) => {
    const { due, there } = await backfillSchedule(client, name, { ...span, mostRuns });
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

const DAY = /^\d{4}-\d\d-\d\d$/;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

/** A day counts in UTC; the end of a span that is today is now. */
function timeOf(flag: string, text: string, edge: 'start' | 'end'): Date {
  const isDay = DAY.test(text);
  const time = isDay ? `${text}T${edge === 'start' ? '00:00:00' : '23:59:59'}Z` : text;
  const ms = isDay || TIME.test(text) ? Date.parse(time) : Number.NaN;
  const real = new Date(ms);
  // Date.parse takes 2026-02-30 for a day in March.
  if (Number.isNaN(ms) || (isDay && real.toISOString().slice(0, 10) !== text)) {
    throw new RowmillError('usage', `"${text.slice(0, 40)}" is no day and no time`, {
      where: flag,
      remedy: 'Give a day like 2026-01-29 (UTC), or a time like 2026-01-29T02:30:00Z.',
    });
  }
  const isToday = isDay && text === new Date().toISOString().slice(0, 10);
  return edge === 'end' && isToday ? new Date() : real;
}

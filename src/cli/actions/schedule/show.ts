import type {
  ScheduledRun,
  ScheduleDetails,
  ScheduleInfo,
  ClockChangeDay,
} from '../../../client/schedules/index.ts';
import type { Cli } from '../../io/context.ts';
import { formatDuration, formatInteger, zonedAndUtc, zonedTime } from '../../io/format.ts';
import { withSession, type Session } from '../../run/session.ts';
import { textTable } from '../../io/table.ts';

interface LookFlags {
  json?: true;
}

export async function list(cli: Cli, flags: LookFlags): Promise<void> {
  await withSession(cli, async ({ rowmill }) => {
    const schedules = await rowmill.schedules.list();
    if (flags.json === true) cli.json({ schedules });
    else if (schedules.length > 0) cli.print(tableOf(schedules));
    else cli.log('No schedules yet. Make one: rowmill schedule apply FILE');
  });
}

export async function describe(cli: Cli, name: string, flags: LookFlags): Promise<void> {
  await withSession(cli, async (session) => {
    const info = await session.rowmill.schedules.describe(name);
    const recent = info.recent.map((each) => ({ ...each, ui: linkOf(each, session) }));
    if (flags.json === true) cli.json({ ...info, recent });
    else cli.print(textOf(info, recent));
  });
}

const linkOf = ({ run }: ScheduledRun, { linkTo }: Session): string | null =>
  run === null ? null : linkTo(run);

const tableOf = (schedules: readonly ScheduleInfo[]): string =>
  textTable(
    [
      { title: 'schedule', maxWidth: 63 },
      { title: 'next run', maxWidth: 70 },
      { title: 'last run', maxWidth: 50 },
      { title: 'started', align: 'right' },
      { title: 'not started', maxWidth: 60 },
    ],
    schedules.map((each) => [
      each.name,
      nextOf(each),
      each.recent[0] === undefined
        ? '–'
        : `${zonedTime(each.recent[0].dueAt, zoneOf(each))} ${endOf(each.recent[0])}`,
      formatInteger(each.started),
      notStarted(each).join(', ') || '–',
    ]),
  );

const zoneOf = ({ schedule }: ScheduleInfo): string => schedule?.timezone ?? 'UTC';

function nextOf(info: ScheduleInfo): string {
  if (info.paused) return `paused${info.note === null ? '' : `: ${info.note}`}`;
  const [next] = info.next;
  return next === undefined ? 'never' : zonedAndUtc(next, zoneOf(info));
}

const endOf = ({ run }: ScheduledRun): string =>
  run === null ? 'expired on the server' : (run.outcome ?? run.stage ?? run.status.toLowerCase());

/** Lists times without a run, with the reason. */
function notStarted({ skippedByOverlap, missed }: ScheduleInfo): string[] {
  return [
    ...(skippedByOverlap > 0
      ? [`${formatInteger(skippedByOverlap)} skipped (the run before was in progress)`]
      : []),
    ...(missed > 0 ? [`${formatInteger(missed)} missed (the server was down)`] : []),
  ];
}

type LinkedRun = ScheduledRun & { ui: string | null };

/** Lists nights without a run, and late ones, each with the command that goes on. */
function missedText({ missedNights, ...info }: ScheduleDetails): string[] {
  if (missedNights.length === 0) return [];
  const zone = zoneOf(info);
  const table = textTable(
    [{ title: '  due' }, { title: 'what', maxWidth: 40 }, { title: 'command', maxWidth: 200 }],
    missedNights.map(({ dueAt, why, begunAt, command }) => [
      `  ${zonedTime(dueAt, zone)}`,
      begunAt === null
        ? why
        : `begun ${formatDuration(Date.parse(begunAt) - Date.parse(dueAt))} late`,
      command,
    ]),
  );
  return ['', 'Missed nights', table];
}

function textOf(info: ScheduleDetails, recent: readonly LinkedRun[]): string {
  const zone = zoneOf(info);
  const { schedule } = info;
  const lines = [
    info.name,
    ...pairs([
      ['file', info.file ?? 'unknown'],
      ['days', schedule?.days.join(', ') ?? 'unknown'],
      ['queue', info.taskQueue],
      ['state', info.paused ? nextOf(info) : `on${info.note === null ? '' : ` (${info.note})`}`],
      ['overlap', schedule?.overlap ?? 'unknown'],
      ['catch up', schedule === null ? 'unknown' : `within ${formatDuration(schedule.catchUpMs)}`],
      [
        'jitter',
        schedule === null || schedule.jitterMs === 0
          ? 'none'
          : `up to ${formatDuration(schedule.jitterMs)}`,
      ],
      ['started', formatInteger(info.started)],
      ['not started', notStarted(info).join(', ') || 'none'],
      ...info.running.map((id): [string, string] => ['in progress', id]),
    ]),
    '',
    'Next',
    ...info.next.slice(0, NEXT_SHOWN).map((time) => `  ${zonedAndUtc(time, zone)}`),
    ...info.clockChangeDays.map((day) => `  ${oddDayText(day, zone)}`),
    ...missedText(info),
    '',
    recent.length === 0 ? 'No run so far' : 'Newest runs',
  ];
  const table = textTable(
    [
      { title: '  due' },
      { title: 'run', maxWidth: 90 },
      { title: 'end', maxWidth: 30 },
      { title: 'failed cells', align: 'right' },
      { title: 'took', align: 'right' },
      { title: '', maxWidth: 200 },
    ],
    recent.map((each) => [
      `  ${zonedTime(each.dueAt, zone)}`,
      each.workflowId,
      endOf(each),
      each.run?.failedCells === null || each.run === null
        ? '–'
        : formatInteger(each.run.failedCells),
      each.run === null ? '–' : formatDuration(each.run.durationMs),
      each.ui ?? '',
    ]),
  );
  return [...lines, ...(recent.length === 0 ? [] : [table])].join('\n');
}

const NEXT_SHOWN = 3;

const pairs = (list: readonly [string, string][]): string[] =>
  list.map(([name, value]) => `  ${name.padEnd(12)}${value}`);

/**
 * Explains a day with a clock change. Measured with Temporal: a skipped time has no run, a repeated
 * one has one.
 */
export function oddDayText({ date, time, what }: ClockChangeDay, timezone: string): string {
  const at = [time.hour, time.minute].map((part) => String(part).padStart(2, '0')).join(':');
  return what === 'does not exist'
    ? `on ${date} there is no ${at} in ${timezone}: no run that day; another time of day would have one`
    : `on ${date} it is ${at} twice in ${timezone}: one run, the second time`;
}

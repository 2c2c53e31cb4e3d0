import stringWidth from 'string-width';
import type { Cli } from '../io/context.ts';
import { formatDateTime, formatDuration, formatInteger } from '../io/format.ts';
import type { FreshRun } from '../../client/runs/lookup/fresh-runs.ts';
import type { RunInfo } from '../../client/runs/lookup/list.ts';
import { sanitize } from '../io/sanitize.ts';
import { type HereFlags, withRuns } from '../run/runs-session.ts';
import { linkToNeedsPerson } from '../run/session.ts';
import { textTable } from '../io/table.ts';

export interface ListFlags extends HereFlags {
  all?: true;
  limit: number;
  json?: true;
}

/** Maximum runs per request. */
const PAGE = 200;

/** Lists runs, those in progress first, then the newest: the order of the server. */
export async function list(cli: Cli, flags: ListFlags): Promise<void> {
  await withRuns(cli, flags, async (session) => {
    const { rowmill, linkTo, wake } = session;
    const most = flags.all === true ? Number.POSITIVE_INFINITY : flags.limit;
    const listed: RunInfo[] = [];
    let more = false;
    for await (const run of rowmill.each({ limit: Math.min(most + 1, PAGE) })) {
      more = listed.length === most;
      if (more) break;
      listed.push(run);
    }
    const runs = await rowmill.refresh(listed);
    if (flags.json === true) {
      cli.json({ runs: runs.map((run) => ({ ...run, ui: linkTo(run) })), more });
      return;
    }
    if (runs.length === 0) cli.log('No runs yet. Start one: rowmill run FILE');
    else cli.print(tableOf(runs));
    const link = linkToNeedsPerson(session, runs);
    if (link !== null) cli.log(`Runs that need a person, in the Temporal UI:\n${link}`);
    if (wake !== undefined && runs.some(({ status }) => status === 'RUNNING')) {
      cli.log('Embedded runs go on only while a command works on them: rowmill resume RUN');
    }
    // An embedded run has its worker in the command that works on it.
    const troubles = wake === undefined ? runs.flatMap(({ trouble }) => trouble ?? []) : [];
    for (const trouble of new Set(troubles))
      cli.log(`${cli.style('yellow', 'warning')} ${trouble}`);
    if (more) cli.log(`Only the newest ${most}: see --limit and --all.`);
  });
}

/** Width of the table in a terminal. */
const COLUMNS = 80;

/**
 * Formats a table of runs. Ids are never truncated, because the next command needs them. If there
 * is no room, each has its own line.
 */
export function tableOf(runs: readonly FreshRun[], now = new Date()): string {
  const facts = textTable(
    [
      { title: 'stands at', maxWidth: 24 },
      { title: 'rows', align: 'right' },
      { title: 'open', align: 'right' },
      { title: 'started' },
    ],
    runs.map((run) => [
      standsAt(run),
      run.rows === null ? '–' : formatInteger(run.rows),
      run.openCells === null ? '–' : formatInteger(run.openCells),
      startedText(run, now),
    ]),
  ).split('\n');
  const ids = ['run', ...runs.map(({ workflowId }) => sanitize(workflowId))];
  const widest = (texts: readonly string[]): number =>
    Math.max(...texts.map((text) => stringWidth(text)));
  const width = widest(ids);
  const fits = width + GAP.length + widest(facts) <= COLUMNS;
  return ids
    .map((id, at) => {
      const space = fits ? ' '.repeat(width - stringWidth(id)) + GAP : `\n${GAP}`;
      return `${id}${space}${facts[at] ?? ''}`;
    })
    .join('\n');
}

const GAP = '  ';

const standsAt = ({ outcome, progress, stage, status }: RunInfo): string =>
  outcome ?? progress ?? stage ?? status.toLowerCase();

/** Formats the start of a run: `21:03, 4 min` today, else `11-27, 2 h`. */
function startedText({ startedAt, durationMs }: RunInfo, now: Date): string {
  const [day = '', time = ''] = formatDateTime(new Date(startedAt)).split(' ');
  const [today] = formatDateTime(now).split(' ');
  return `${day === today ? time : day.slice(5)}, ${coarse(durationMs)}`;
}

/** Formats a duration by its largest unit. */
const coarse = (ms: number): string => formatDuration(ms).split(' ').slice(0, 2).join(' ');

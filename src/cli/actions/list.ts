import { eachRun } from '../../client/list-runs.ts';
import type { Cli } from '../context.ts';
import { dateTime, duration, whole } from '../figures.ts';
import type { ListedRun } from '../../client/run-standing.ts';
import { type HereFlags, withRuns } from '../runs-session.ts';
import { textTable } from '../text-table.ts';

export interface ListFlags extends HereFlags {
  all?: true;
  limit: number;
  json?: true;
}

/** Runs asked for at once, at the most. */
const PAGE = 200;

/** Newest first, those under way before all others: the order of the server. */
export async function list(cli: Cli, flags: ListFlags): Promise<void> {
  await withRuns(cli, flags, async ({ client, linkTo, wake }) => {
    const most = flags.all === true ? Number.POSITIVE_INFINITY : flags.limit;
    const runs: ListedRun[] = [];
    let more = false;
    for await (const run of eachRun(client, { limit: Math.min(most + 1, PAGE) })) {
      more = runs.length === most;
      if (more) break;
      runs.push(run);
    }
    if (flags.json === true) {
      cli.json({ runs: runs.map((run) => ({ ...run, ui: linkTo(run) })), more });
      return;
    }
    if (runs.length === 0) cli.say('No runs yet. Start one: rowmill run FILE');
    else cli.print(tableOf(runs));
    if (wake !== undefined && runs.some(({ status }) => status === 'RUNNING')) {
      cli.say('Embedded runs go on only while a command works on them: rowmill resume RUN');
    }
    if (more) cli.say(`Only the newest ${most}: see --limit and --all.`);
  });
}

/** Fits into 80 columns with an id of 32. */
const tableOf = (runs: readonly ListedRun[]): string =>
  textTable(
    [
      { title: 'run', most: 60 },
      { title: 'stands at', most: 24 },
      { title: 'rows', align: 'right' },
      { title: 'open', align: 'right' },
      { title: 'started' },
    ],
    runs.map((run) => [
      run.workflowId,
      standsAt(run),
      run.rows === null ? '–' : whole(run.rows),
      run.failedCells === null ? '–' : whole(run.failedCells),
      startedText(run),
    ]),
  );

const standsAt = ({ outcome, progress, stage, status }: ListedRun): string =>
  outcome ?? progress ?? stage ?? status.toLowerCase();

/** `11-28 21:03, 4 min` */
const startedText = ({ startedAt, durationMs }: ListedRun): string =>
  `${dateTime(new Date(startedAt)).slice(5)}, ${duration(durationMs)}`;

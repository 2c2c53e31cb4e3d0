import { Rowmill } from '../../client/rowmill.ts';
import type { SpendBy, SpendReport, SpendSums } from '../../contract/spend.ts';
import { formatCredits } from '../../text/numbers.ts';
import type { Cli } from '../io/context.ts';
import { formatInteger } from '../io/format.ts';
import { textTable } from '../io/table.ts';

export interface SpendFlags {
  by: SpendBy;
  since?: string;
  json?: true;
}

/** Prints what runs have asked for, from the store; needs neither worker nor server. */
export async function spend(cli: Cli, flags: SpendFlags): Promise<void> {
  const { env } = cli;
  const report = await Rowmill.spend({ by: flags.by, since: flags.since }, { env });
  if (flags.json === true) {
    cli.json(report);
    return;
  }
  if (report.groups.length === 0) {
    const span = flags.since === undefined ? '' : ` in the last ${flags.since}`;
    cli.log(`No pass has asked for cells${span}.`);
    return;
  }
  cli.print(tableOf(report));
  for (const note of notesOf(report.total)) cli.log(note);
}

function tableOf({ by, groups, total }: SpendReport): string {
  const right = (title: string) => ({ title, align: 'right' as const });
  const ofRuns = by !== 'column';
  const row = (name: string, sums: SpendSums): string[] => [
    name,
    ...[sums.runs, sums.passes, sums.cells].map(formatInteger),
    formatCredits(sums.credits),
    ...(ofRuns ? [sums.balanceChange === null ? '–' : formatCredits(sums.balanceChange)] : []),
  ];
  return textTable(
    [
      { title: by, maxWidth: 100 },
      ...['runs', 'passes', 'cells', 'credits'].map(right),
      ...(ofRuns ? [right('account')] : []),
    ],
    [
      ...groups.map(({ name, ...sums }) => row(name, sums)),
      ...(groups.length > 1 && ofRuns ? [row('total', total)] : []),
    ],
  );
}

function notesOf({ creditsUnconfirmed, creditsCancelled, balanceChange }: SpendSums): string[] {
  const notes: string[] = [];
  if (creditsUnconfirmed > 0) {
    const credits = formatCredits(creditsUnconfirmed);
    notes.push(`${credits} of the credits are of passes that the provider has not confirmed.`);
  }
  if (creditsCancelled !== null && creditsCancelled > 0) {
    notes.push(`${formatCredits(creditsCancelled)} of the credits were cancelled, and are free.`);
  }
  if (balanceChange !== null) {
    notes.push('account: change of the balance during the runs, other users included.');
  }
  return notes;
}

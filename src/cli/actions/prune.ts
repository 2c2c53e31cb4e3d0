import type { PrunePlan } from '../../client/retention/prune.ts';
import { confirmRemoval } from '../io/confirm-removal.ts';
import type { Cli } from '../io/context.ts';
import { formatBytes, formatCount, formatDateTime, formatInteger } from '../io/format.ts';
import { sanitize } from '../io/sanitize.ts';
import { textTable } from '../io/table.ts';
import { type HereFlags, withRuns } from '../run/runs-session.ts';

export interface PruneFlags extends HereFlags {
  older: string;
  yes?: true;
  json?: true;
}

/** Runs that are listed; the others are counted. */
const SHOWN = 20;

/** Removes the files of old runs, once the operator has seen which. */
export async function prune(cli: Cli, flags: PruneFlags): Promise<void> {
  await withRuns(cli, flags, async ({ rowmill }) => {
    const confirm = async (plan: PrunePlan): Promise<void> => {
      for (const line of linesOf(plan, flags.older)) cli.log(line);
      if (isEmpty(plan)) return;
      await confirmRemoval(cli, { what: whatOf(plan), yes: flags.yes === true });
    };
    const plan = await rowmill.prune({ older: flags.older, confirm });
    if (flags.json === true) cli.json(plan);
    else if (!isEmpty(plan)) cli.print(`Removed ${whatOf(plan)} from ${rowmill.store.location}`);
  });
}

const isEmpty = ({ runs, frozenRows, claims }: PrunePlan): boolean =>
  runs.length + frozenRows + claims === 0;

const whatOf = ({ runs, frozenRows, claims, bytes }: PrunePlan): string =>
  [
    formatCount(runs.length, 'run'),
    ...(frozenRows === 0 ? [] : [formatCount(frozenRows, 'frozen list')]),
    ...(claims === 0 ? [] : [formatCount(claims, 'expired claim')]),
  ].join(', ') + ` (${formatBytes(bytes)})`;

function linesOf(plan: PrunePlan, older: string): string[] {
  const { runs, kept } = plan;
  const lines: string[] = [];
  if (isEmpty(plan)) lines.push(`Nothing in the store is older than ${older} and not needed.`);
  if (runs.length > 0) {
    const rows = runs
      .slice(0, SHOWN)
      .map(({ workflowId, pipeline, outcome, writtenAt, bytes }) =>
        [
          workflowId,
          pipeline ?? '–',
          outcome ?? '–',
          formatDateTime(new Date(writtenAt)),
          formatBytes(bytes),
        ].map(sanitize),
      );
    const titles = ['run', 'pipeline', 'outcome', 'last written', 'size'];
    lines.push(
      textTable(
        titles.map((title) => ({ title, maxWidth: 100 })),
        rows,
      ),
    );
    if (runs.length > SHOWN) lines.push(`and ${formatInteger(runs.length - SHOWN)} more`);
  }
  if (kept.inProgress > 0) lines.push(`Kept: ${formatCount(kept.inProgress, 'run')} in progress`);
  if (kept.needed > 0) {
    lines.push(`Kept: ${formatCount(kept.needed, 'run')} that the next run of a pipeline reads`);
  }
  return lines;
}

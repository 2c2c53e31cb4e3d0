import type { ForgetPlan } from '../../client/retention/forget.ts';
import { confirmRemoval } from '../io/confirm-removal.ts';
import type { Cli } from '../io/context.ts';
import { formatCount } from '../io/format.ts';
import { sanitize } from '../io/sanitize.ts';
import { type HereFlags, withRuns } from '../run/runs-session.ts';

export interface ForgetFlags extends HereFlags {
  yes?: true;
  json?: true;
}

/** Removes one row's data from the store, once the operator has seen where it is. */
export async function forget(cli: Cli, key: string, flags: ForgetFlags): Promise<void> {
  await withRuns(cli, flags, async ({ rowmill }) => {
    const confirm = async (plan: ForgetPlan): Promise<void> => {
      if (plan.entries === 0) return;
      for (const { workflowId, files } of plan.folders) {
        cli.log(sanitize(`${workflowId ?? 'frozen rows'}: ${files.join(', ')}`));
      }
      await confirmRemoval(cli, { what: whatOf(plan), yes: flags.yes === true });
    };
    const plan = await rowmill.forget(key, { confirm });
    if (flags.json === true) cli.json(plan);
    else if (plan.entries === 0) cli.print(sanitize(`The store has no row ${key}`));
    else cli.print(`Removed ${whatOf(plan)} from ${rowmill.store.location}`);
    if (flags.json !== true) for (const place of plan.unreached) cli.log(`Not reached: ${place}`);
  });
}

const whatOf = ({ key, entries, folders }: ForgetPlan): string =>
  sanitize(
    `${formatCount(entries, 'entry', 'entries')} of row ${key} in ${formatCount(folders.length, 'folder')}`,
  );

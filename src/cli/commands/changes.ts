import { Option, type Command } from 'commander';
import type { ChangesFlags } from '../actions/changes.ts';
import type { Cli } from '../io/context.ts';

export function addChanges(program: Command, cli: Cli): void {
  program
    .command('changes')
    .summary('rows that differ from the publication before')
    .description(
      'Rows of a run that differ from what its first target had before: new, changed, vanished, lost.',
    )
    .argument('<run>', 'workflow id')
    .addOption(
      new Option('--format <format>', 'jsonl: a line a row; csv: a line an answer')
        .choices(['jsonl', 'csv'])
        .default('jsonl'),
    )
    .option('--embedded', 'the state of embedded runs in this folder')
    .addHelpText(
      'after',
      `
Examples:
  rowmill changes sp500-profile-20260131-023000 | jq 'select(.change == "lost")'
  rowmill changes sp500-profile-20260131-023000 --format csv`,
    )
    .action(async (run: string, flags: ChangesFlags) => {
      const { changes } = await import('../actions/changes.ts');
      await changes(cli, run, flags);
    });
}

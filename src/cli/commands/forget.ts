import type { Command } from 'commander';
import type { ForgetFlags } from '../actions/forget.ts';
import type { Cli } from '../io/context.ts';

export function addForget(program: Command, cli: Cli): void {
  program
    .command('forget')
    .summary('remove the data of one row from the store')
    .description(
      'Remove the data of the row with this key from the files of all runs in the store: results, quarantine, ' +
        'changes, reports, frozen rows and cell sets. Asks first, and says what it cannot reach.',
    )
    .argument('<key>', 'key of the row, as in the results')
    .option('--yes', 'remove without asking')
    .option('--embedded', 'the embedded runs of this folder, even if a server is configured')
    .option('--json', 'one JSON object on stdout')
    .addHelpText('after', '\nExamples:\n  rowmill forget MMM\n  rowmill forget MMM --yes --json')
    .action(async (key: string, flags: ForgetFlags) => {
      const { forget } = await import('../actions/forget.ts');
      await forget(cli, key, flags);
    });
}

import { type Command, Option } from 'commander';
import type { SpendFlags } from '../actions/spend.ts';
import { SPEND_BY } from '../../contract/spend.ts';
import type { Cli } from '../io/context.ts';

export function addSpend(program: Command, cli: Cli): void {
  program
    .command('spend')
    .summary('credits by day, pipeline, column or run')
    .description('Show the credits that runs asked for, by the ledger in the store.')
    .addOption(new Option('--by <group>', 'group by').choices(SPEND_BY).default('day'))
    .option('--since <span>', 'passes of the last 30d, 12h, …; default: all')
    .option('--json', 'one JSON object on stdout')
    .addHelpText(
      'after',
      '\nExamples:\n  rowmill spend --since 30d\n  rowmill spend --by column --json | jq .groups[]',
    )
    .action(async (flags: SpendFlags) => {
      const { spend } = await import('../actions/spend.ts');
      await spend(cli, flags);
    });
}

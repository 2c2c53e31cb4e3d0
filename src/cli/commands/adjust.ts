import type { Command } from 'commander';
import type { AdjustFlags } from '../actions/adjust.ts';
import type { Cli } from '../io/context.ts';

export function addAdjust(program: Command, cli: Cli): void {
  program
    .command('adjust')
    .summary('change the deadline or the polling of a run in progress')
    .description(
      'Change the deadline or the polling of a run in progress; it takes effect at once.',
    )
    .argument('<run>', 'workflow id')
    .option('--deadline <duration>', 'from the start of the run, like 8h')
    .option('--max-poll-interval <duration>', 'longest time between two polls, like 60s')
    .option('--embedded', 'the state of embedded runs in this folder')
    .addHelpText(
      'after',
      '\nExample:\n  rowmill adjust sp500-profile-20260131-023000 --deadline 8h',
    )
    .action(async (run: string, flags: AdjustFlags) => {
      const { adjust } = await import('../actions/adjust.ts');
      await adjust(cli, run, flags);
    });
}

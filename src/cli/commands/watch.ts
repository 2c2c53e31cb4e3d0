import type { Command } from 'commander';
import type { WatchFlags } from '../actions/watch.ts';
import type { Cli } from '../io/context.ts';

export function addWatch(program: Command, cli: Cli): void {
  program
    .command('watch')
    .summary('follow a run to its end')
    .description(
      'Follow a run to its end; exit codes as of `rowmill run`. Ctrl-C leaves it running.',
    )
    .argument('<run>', 'workflow id')
    .option('--json', 'one JSON object on stdout at the end')
    .option('--embedded', 'the state of embedded runs in this folder')
    .addHelpText('after', '\nExample:\n  rowmill watch sp500-profile-20260131-023000')
    .action(async (run: string, flags: WatchFlags) => {
      const { watch } = await import('../actions/watch.ts');
      await watch(cli, run, flags);
    });
}

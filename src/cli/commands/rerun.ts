import type { Command } from 'commander';
import type { RerunFlags } from '../actions/rerun.ts';
import type { Cli } from '../io/context.ts';

export function addRerun(program: Command, cli: Cli): void {
  program
    .command('rerun')
    .summary('ask again for the cells of a run that failed or were left open')
    .description(
      'Ask again for cells that failed or were left open; nothing that is done is paid again.\n' +
        'A run in progress makes one more pass. One that has ended is continued by a new run\n' +
        '(RUN-rerun-1, …) on the same table, which publishes the whole again.',
    )
    .argument('<run>', 'workflow id')
    .option('--yes', 'approve the estimate')
    .option('--detach', 'start it and leave')
    .option('--embedded', 'own Temporal server and worker, as the run had; kept in .rowmill/')
    .option('--json', 'one JSON summary on stdout')
    .addHelpText('after', '\nExample:\n  rowmill rerun sp500-profile-20260131-023000 --embedded')
    .action(async (run: string, flags: RerunFlags) => {
      const { rerun } = await import('../actions/rerun.ts');
      await rerun(cli, run, flags);
    });
}

import type { Command } from 'commander';
import type { Cli } from '../io/context.ts';
import type { HereFlags } from '../run/runs-session.ts';

export function addCancel(program: Command, cli: Cli): void {
  program
    .command('cancel')
    .summary('stop a run and publish what is there')
    .description('Stop a run: what is there is published, the outcome is `cancelled`.')
    .argument('<run>', 'workflow id')
    .option('--embedded', 'the state of embedded runs in this folder')
    .addHelpText('after', '\nExample:\n  rowmill cancel sp500-profile-20260131-023000')
    .action(async (run: string, flags: HereFlags) => {
      const { cancel } = await import('../actions/cancel.ts');
      await cancel(cli, run, flags);
    });
}

import type { Command } from 'commander';
import type { Cli } from '../io/context.ts';
import type { HereFlags } from '../run/runs-session.ts';

export function addApprove(program: Command, cli: Cli): void {
  program
    .command('approve')
    .summary('approve the credits of a run that waits for it')
    .description('Approve the estimated credits of a run that waits for an approval.')
    .argument('<run>', 'workflow id')
    .option('--embedded', 'the state of embedded runs in this folder')
    .addHelpText('after', '\nExample:\n  rowmill approve sp500-profile-20260131-023000')
    .action(async (run: string, flags: HereFlags) => {
      const { approve } = await import('../actions/approve.ts');
      await approve(cli, run, flags);
    });
}

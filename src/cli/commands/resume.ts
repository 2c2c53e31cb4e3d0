import type { Command } from 'commander';
import type { Cli } from '../io/context.ts';
import type { HereFlags } from '../run/runs-session.ts';

export function addResume(program: Command, cli: Cli): void {
  program
    .command('resume')
    .summary('continue a run that is paused, or waits for its account')
    .description(
      'Continue a paused run, or let one that waits for credits or credentials retry now, ' +
        'instead of at its next check.',
    )
    .argument('<run>', 'workflow id')
    .option('--embedded', 'the state of embedded runs in this folder')
    .addHelpText('after', '\nExample:\n  rowmill resume sp500-profile-20260131-023000')
    .action(async (run: string, flags: HereFlags) => {
      const { resume } = await import('../actions/resume.ts');
      await resume(cli, run, flags);
    });
}

import type { Command } from 'commander';
import type { StatusFlags } from '../actions/status.ts';
import type { Cli } from '../io/context.ts';

export function addStatus(program: Command, cli: Cli): void {
  program
    .command('status')
    .summary('how a run stands')
    .description('How a run stands now, or what came of it.')
    .argument('<run>', 'workflow id')
    .option('--json', 'one JSON object on stdout')
    .option('--embedded', 'the state of embedded runs in this folder')
    .addHelpText('after', '\nExample:\n  rowmill status sp500-profile-20260131-023000')
    .action(async (run: string, flags: StatusFlags) => {
      const { status } = await import('../actions/status.ts');
      await status(cli, run, flags);
    });
}

import type { Command } from 'commander';
import type { PauseFlags } from '../actions/pause.ts';
import type { Cli } from '../io/context.ts';

export function addPause(program: Command, cli: Cli): void {
  program
    .command('pause')
    .summary('pause a run: nothing is sent or polled until it is resumed')
    .description(
      'Hold a run: nothing is sent or polled until `rowmill resume`.\n' +
        'Cells that the provider works on go on, and so does the deadline.',
    )
    .argument('<run>', 'workflow id')
    .option('--reason <text>', 'why, for others to read')
    .option('--embedded', 'the state of embedded runs in this folder')
    .addHelpText(
      'after',
      '\nExample:\n  rowmill pause sp500-profile-20260131-023000 --reason "prompt is wrong"',
    )
    .action(async (run: string, flags: PauseFlags) => {
      const { pause } = await import('../actions/pause.ts');
      await pause(cli, run, flags);
    });
}

import type { Command } from 'commander';
import type { DevFlags } from '../actions/dev.ts';
import type { Cli } from '../io/context.ts';

export function addDev(program: Command, cli: Cli): void {
  program
    .command('dev')
    .summary('Temporal with its UI, the sandbox and a worker, kept running')
    .description(
      'Start what runs need on this machine: a Temporal server with its UI, the sandbox API and a ' +
        'worker. Prints the environment for other shells. Ctrl-C ends it; started again it goes on.',
    )
    .option('--folder <folder>', 'where everything is kept', '.rowmill/dev')
    .option('--speed <factor>', 'of the sandbox: how much faster than the real API', '20')
    .option('--port <port>', 'of Temporal (7233, or the next free one)')
    .option('--ui-port <port>', 'of the Temporal UI (8233, or the next free one)')
    .option('--sandbox-port <port>', 'of the sandbox (8780, or the next free one)')
    .option('--faults <file>', 'a fault script for the sandbox')
    .addHelpText(
      'after',
      `
Examples:
  rowmill dev
  rowmill dev --folder .rowmill/demo     look at the demo again`,
    )
    .action(async (flags: DevFlags) => {
      const { dev } = await import('../actions/dev.ts');
      await dev(cli, flags);
    });
}

import { Option, type Command } from 'commander';
import type { DemoFlags } from '../actions/demo.ts';
import { PROVIDER_NAMES } from '../../providers/catalog.ts';
import type { Cli } from '../io/context.ts';

export function addDemo(program: Command, cli: Cli): void {
  program
    .command('demo')
    .summary('everything on this machine, in about a minute')
    .description(
      'Bring up Temporal with its UI, the sandbox API and a worker, and take the 503 companies of ' +
        'the S&P 500 through a table of a provider. Needs no account. ' +
        'Ctrl-C stops it; started again it goes on where it was.',
    )
    .addOption(
      new Option('--provider <name>', 'whose API the sandbox plays')
        .choices(PROVIDER_NAMES)
        .default(PROVIDER_NAMES[0]),
    )
    .option('--rows <number>', 'only the first rows of the list')
    .option('--speed <factor>', 'how much faster than the real API the sandbox is', '60')
    .option('--keep', 'leave the Temporal UI up at the end, until Ctrl-C (preset on a terminal)')
    .option('--no-keep', 'end with the run (preset in a pipe)')
    .addHelpText(
      'after',
      `
Examples:
  rowmill demo
  rowmill demo --provider ${PROVIDER_NAMES.at(-1) ?? ''}
  rowmill demo --rows 50 --no-keep`,
    )
    .action(async (flags: DemoFlags) => {
      const { demo } = await import('../actions/demo.ts');
      await demo(cli, flags);
    });
}

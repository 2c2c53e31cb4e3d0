import { Option, type Command } from 'commander';
import type { SandboxFlags } from '../actions/sandbox.ts';
import type { Cli } from '../io/context.ts';

export function addSandbox(program: Command, cli: Cli): void {
  program
    .command('sandbox')
    .summary('a sandbox of the AI-table APIs: no account, no costs')
    .description(
      'Serve the APIs of all providers on this machine, with cells that take their time and ' +
        'sometimes fail. A token that is set in the environment is let in; else one is printed.',
    )
    .option('--port <port>', 'to listen on; 0 takes any free one', '8780')
    .option('--speed <factor>', 'how much faster than the real API time passes', '1')
    .option('--seed <number>', 'answers, durations and failures follow from it', '1')
    .option('--credits <number>', 'on the account at the very first start', '1000000')
    .option('--state <file>', 'keep the state here, so that a restart goes on where it was')
    .option('--faults <file>', 'what goes wrong, and when: a fault script (YAML or JSON)')
    .addOption(new Option('--end-with-stdin', 'end when standard input ends').hideHelp())
    .addHelpText(
      'after',
      `
It answers when GET /v1/healthcheck does; GET /_sandbox/ledger shows what was paid for.

Examples:
  rowmill sandbox --speed 60
  rowmill sandbox --port 0 --state .rowmill/sandbox.journal`,
    )
    .action(async (flags: SandboxFlags) => {
      const { serveSandbox } = await import('../actions/sandbox.ts');
      await serveSandbox(cli, flags);
    });
}

import type { Command } from 'commander';
import type { PublishFlags } from '../actions/publish.ts';
import type { Cli } from '../io/context.ts';

export function addPublish(program: Command, cli: Cli): void {
  program
    .command('publish')
    .summary('publish the results of a run to its targets again')
    .description(
      'Publish the results of a run that has ended to its targets again, out of the store.\n' +
        'Each target by itself. Run it where the worker is: paths and variables are those of here.',
    )
    .argument('<run>', 'workflow id')
    .option('--to <target>', 'only this path, or this table, as schema.table')
    .option('--json', 'one JSON object on stdout')
    .option('--embedded', 'the state of embedded runs in this folder')
    .addHelpText(
      'after',
      `
Examples:
  rowmill publish sp500-profile-20260131-023000
  rowmill publish sp500-profile-20260131-023000 --to gtm.sp500`,
    )
    .action(async (run: string, flags: PublishFlags) => {
      const { publish } = await import('../actions/publish.ts');
      await publish(cli, run, flags);
    });
}

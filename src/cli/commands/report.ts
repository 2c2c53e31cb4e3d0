import type { Command } from 'commander';
import type { ReportFlags } from '../actions/report.ts';
import type { Cli } from '../io/context.ts';

export function addReport(program: Command, cli: Cli): void {
  program
    .command('report')
    .summary('the report of a run, as one HTML page')
    .description(
      'Writes the report of a run out of the store: one HTML page that needs nothing else.',
    )
    .argument('<run>', 'workflow id')
    .option('--to <file>', 'where it is written (default: <run>.report.html here)')
    .option('--open', 'show it in the browser')
    .option('--embedded', 'the state of embedded runs in this folder')
    .addHelpText(
      'after',
      `
Examples:
  rowmill report sp500-profile-20260131-023000 --open
  rowmill report sp500-profile-20260131-023000 --to /tmp/sp500.html`,
    )
    .action(async (run: string, flags: ReportFlags) => {
      const { report } = await import('../actions/report.ts');
      await report(cli, run, flags);
    });
}

import { Option, type Command } from 'commander';
import type { ResultsFlags } from '../actions/results.ts';
import { RESULT_FORMAT_NAMES, STORED_FORMAT } from '../../sinks/index.ts';
import type { Cli } from '../io/context.ts';

export function addResults(program: Command, cli: Cli): void {
  program
    .command('results')
    .summary('the results of a run, out of the store')
    .description('The results of a run that has ended, out of the store: to stdout or to a file.')
    .argument('<run>', 'workflow id')
    .option('--out <file>', 'into this file, in one step')
    .addOption(
      new Option('--format <format>', `by default that of --out, else ${STORED_FORMAT}`).choices(
        RESULT_FORMAT_NAMES,
      ),
    )
    .option('--json', 'where they are, as one JSON object on stdout')
    .option('--embedded', 'the state of embedded runs in this folder')
    .addHelpText(
      'after',
      `
Examples:
  rowmill results sp500-profile-20260131-023000 | jq .key
  rowmill results sp500-profile-20260131-023000 --out again.csv`,
    )
    .action(async (run: string, flags: ResultsFlags) => {
      const { results } = await import('../actions/results.ts');
      await results(cli, run, flags);
    });
}

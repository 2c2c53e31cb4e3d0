import type { Command } from 'commander';
import type { CheckFlags } from '../actions/check.ts';
import type { Cli } from '../io/context.ts';

export function addCheck(program: Command, cli: Cli): void {
  program
    .command('check')
    .summary('check a pipeline file and its rows; spends nothing')
    .description(
      'Check a pipeline file and its rows, and say what the run would take.\n' +
        'Spends nothing; needs no token and no Temporal server.',
    )
    .argument('<file>', 'pipeline file (YAML or JSON)')
    .option('--rows <file>', 'rows from here instead (- for standard input)')
    .option('--out <file>', 'results to here instead')
    .option('--full', 'as if every cell of a lasting table was asked for')
    .option('--connect', 'also look at the databases that get results, with this environment')
    .option('--json', 'one JSON object on stdout, with the input for any Temporal client')
    .addHelpText(
      'after',
      `
Examples:
  rowmill check pipeline.yaml
  rowmill check pipeline.yaml --rows today.csv
  rowmill check pipeline.yaml --json | jq .workflowInput`,
    )
    .action(async (file: string, flags: CheckFlags) => {
      const { check } = await import('../actions/check.ts');
      await check(cli, file, flags);
    });
}

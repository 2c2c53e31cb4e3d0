import type { Command } from 'commander';
import type { PlanFlags } from '../actions/plan.ts';
import type { Cli } from '../io/context.ts';

export function addPlan(program: Command, cli: Cli): void {
  program
    .command('plan')
    .summary('show what rowmill apply would change in a lasting table; spends nothing')
    .description(
      'Show columns of the file that are new, changed or gone, with the cells and credits of the next run.\n' +
        'Spends nothing; needs the store, and no Temporal server.',
    )
    .argument('<file>', 'pipeline file (YAML or JSON) with table.keep')
    .option('--rows <file>', 'rows from here instead (- for standard input)')
    .option('--json', 'one JSON object on stdout')
    .addHelpText(
      'after',
      `
Examples:
  rowmill plan pipeline.yaml
  rowmill plan pipeline.yaml --json | jq .columns

Exit codes: 0 the table has the columns of the file, 2 rowmill apply would change it`,
    )
    .action(async (file: string, flags: PlanFlags) => {
      const { plan } = await import('../actions/plan.ts');
      await plan(cli, file, flags);
    });
}

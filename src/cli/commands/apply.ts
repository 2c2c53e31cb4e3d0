import type { Command } from 'commander';
import type { RunFlags } from '../actions/run.ts';
import type { Cli } from '../io/context.ts';

export function addApply(program: Command, cli: Cli): void {
  program
    .command('apply')
    .summary('run a pipeline, and give its lasting table the columns of the file')
    .description(
      'Start a run that first gives the lasting table the columns of the file, and overwrites what\n' +
        'was edited at the provider. Cells of changed columns are asked for again: see rowmill plan.',
    )
    .argument('<file>', 'pipeline file (YAML or JSON) with table.keep')
    .option('--id <id>', 'workflow id')
    .option('--rows <file>', 'rows from here instead (- for standard input)')
    .option('--out <file>', 'results to here instead')
    .option('--new-table', 'make a new table; the one before stays at the provider')
    .option('--detach', 'start it and leave')
    .option('--embedded', 'own Temporal server and worker for this run, kept in .rowmill/')
    .option('--json', 'one JSON object on stdout, nothing else there')
    .option('--yes', 'approve the estimated credits')
    .addHelpText(
      'after',
      '\nExamples:\n  rowmill plan pipeline.yaml\n  rowmill apply pipeline.yaml',
    )
    .action(async (file: string, flags: RunFlags) => {
      const { run } = await import('../actions/run.ts');
      await run(cli, file, { ...flags, apply: true, new: true });
    });
}

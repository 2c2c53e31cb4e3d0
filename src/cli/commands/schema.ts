import type { Command } from 'commander';
import type { SchemaFlags } from '../actions/schema.ts';
import type { Cli } from '../io/context.ts';

export function addSchema(program: Command, cli: Cli): void {
  program
    .command('schema')
    .summary('print the JSON Schema of the pipeline file, or of result rows')
    .description('Print the JSON Schema of the pipeline file, or of the result rows of a pipeline.')
    .option('--results <file>', 'of the result rows of this pipeline file, with typed answers')
    .option('--typescript', 'with --results: as a type of TypeScript')
    .addHelpText(
      'after',
      `
Examples:
  rowmill schema > pipeline.schema.json
  rowmill schema --results pipeline.yaml > rows.schema.json
  rowmill schema --results pipeline.yaml --typescript > rows.ts`,
    )
    .action(async (flags: SchemaFlags) => {
      const { schema } = await import('../actions/schema.ts');
      await schema(cli, flags);
    });
}

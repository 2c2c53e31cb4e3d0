import type { Command } from 'commander';
import type { Cli } from '../io/context.ts';

export function addSchema(program: Command, cli: Cli): void {
  program
    .command('schema')
    .summary('print the JSON Schema of the pipeline file')
    .description('Print the JSON Schema of the pipeline file.')
    .addHelpText('after', '\nExample:\n  rowmill schema > pipeline.schema.json')
    .action(async () => {
      const { pipelineJsonSchema } = await import('../../spec/json-schema.ts');
      cli.print(JSON.stringify(pipelineJsonSchema(), null, 2));
    });
}

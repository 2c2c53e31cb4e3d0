import { pipelineColumns } from '../../answers/answer-schemas.ts';
import { rowSchema } from '../../answers/row-schema.ts';
import { rowTypeScript } from '../../answers/typescript.ts';
import { requireProviderSpec } from '../../providers/catalog.ts';
import { RowmillError } from '../../errors.ts';
import { loadPipeline, pipelineJsonSchema } from '../../spec/index.ts';
import type { Cli } from '../io/context.ts';
import { sanitizeJson } from '../../contract/control-characters.ts';

export interface SchemaFlags {
  results?: string;
  typescript?: true;
}

/** Prints the JSON Schema of the pipeline file, or of the result rows of a pipeline. */
export async function schema(cli: Cli, { results, typescript }: SchemaFlags): Promise<void> {
  if (results === undefined) {
    if (typescript === true) {
      throw new RowmillError('usage', '--typescript prints the type of results', {
        remedy: 'Name the pipeline file: rowmill schema --results FILE --typescript.',
      });
    }
    cli.print(sanitizeJson(pipelineJsonSchema(), 2));
    return;
  }
  const { pipeline } = await loadPipeline(results, { env: cli.env });
  const { columns, inputs, answers } = pipelineColumns(
    requireProviderSpec(pipeline.provider),
    pipeline,
  );
  if (typescript === true) {
    cli.print(rowTypeScript(pipeline.name, columns, answers));
    return;
  }
  const names = { pipeline: pipeline.name, inputs, columns };
  cli.print(sanitizeJson(rowSchema(names, answers), 2));
}

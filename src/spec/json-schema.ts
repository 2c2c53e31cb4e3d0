import { z } from 'zod';
import { providerSpecs } from '../providers/spec.ts';
import { pipelineFile } from './file-schema.ts';

export const SCHEMA_ID = 'urn:rowmill:schema:pipeline';

/** JSON Schema (2020-12) of the pipeline file, for editors and for `rowmill schema`. */
export function pipelineJsonSchema(): Record<string, unknown> {
  const providers = Object.values(providerSpecs);
  const schema = z.toJSONSchema(pipelineFile(providers[0] ?? null), {
    io: 'input',
    target: 'draft-2020-12',
  });
  const { $schema, ...rest } = schema;
  return {
    $schema,
    $id: SCHEMA_ID,
    title: 'rowmill pipeline',
    description: 'Rows, the AI table they go through, and where the results go.',
    ...rest,
  };
}

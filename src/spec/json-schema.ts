import { z } from 'zod';
import { PROVIDER_SPECS } from '../providers/catalog.ts';
import { pipelineFile, tableSchema } from './file-schema.ts';

const SCHEMA_ID = 'urn:rowmill:schema:pipeline';

/**
 * Builds the JSON Schema (2020-12) of the pipeline file, for editors and for `rowmill schema`. The
 * provider determines what `table` may contain.
 */
export function pipelineJsonSchema(): Record<string, unknown> {
  const providers = PROVIDER_SPECS;
  // Converted together, so that they share one set of definitions.
  const parts = z.object({
    file: pipelineFile(null).omit({ table: true }),
    ...Object.fromEntries(providers.map((each) => [each.name, tableSchema(each)])),
  });
  const {
    $schema,
    $defs,
    properties: found = {},
  } = z.toJSONSchema(parts, {
    io: 'input',
    target: 'draft-2020-12',
  });
  const { properties, required = [], ...file } = objectOf(found['file']);
  return {
    $schema,
    $id: SCHEMA_ID,
    title: 'rowmill pipeline',
    description: 'Rows, the AI table they go through, and where the results go.',
    ...file,
    properties: {
      ...properties,
      table: { type: 'object', description: 'The table that is made, in the provider’s words.' },
    },
    required: [...required, 'table'],
    allOf: providers.map(({ name }) => ({
      if: {
        properties: { provider: { const: name, description: 'The provider that is named.' } },
        required: ['provider'],
      },
      then: { properties: { table: found[name] } },
    })),
    $defs,
  };
}

/** A schema may also be plain `true`. */
const objectOf = <Schema>(schema: Schema | boolean | undefined): Partial<Schema> =>
  typeof schema === 'object' ? (schema ?? {}) : {};

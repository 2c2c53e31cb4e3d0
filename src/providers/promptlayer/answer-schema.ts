import type { JsonObject } from '../../contract/json.ts';
import type { ColumnConfig } from '../../contract/pipeline.ts';
import { objectOf } from '../fields.ts';

/**
 * Finds the output schema of a prompt: `response_format` among the parameters of its model, in the
 * column's engine or in the inline template (Structured Outputs).
 */
export function answerSchema({ config }: ColumnConfig): JsonObject | null {
  const { engine, inline_template: template } = objectOf(config);
  const { model } = objectOf(objectOf(template)['metadata']);
  for (const settings of [engine, model]) {
    const { response_format: format } = objectOf(objectOf(settings)['parameters']);
    const { schema } = objectOf(objectOf(format)['json_schema']);
    if (schema !== undefined) return objectOf(schema);
  }
  return null;
}

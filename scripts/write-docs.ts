/**
 * Writes what is generated: docs/errors.md from the table of error codes, and the JSON Schema of
 * the pipeline file, and the gateway’s OpenAPI document. `npm run docs`; a test fails when they are not what this writes.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { errorsPage } from '../src/errors-page.ts';
import { apiDocument } from '../src/gateway/document.ts';
import { pipelineJsonSchema } from '../src/spec/index.ts';
import { workflowInputJsonSchema } from '../src/spec/workflow-input.ts';

const at = (path: string): URL => new URL(`../${path}`, import.meta.url);

for (const folder of ['docs', 'schema']) mkdirSync(at(folder), { recursive: true });
writeFileSync(at('docs/errors.md'), errorsPage());
writeFileSync(
  at('schema/pipeline.schema.json'),
  `${JSON.stringify(pipelineJsonSchema(), null, 2)}\n`,
);
writeFileSync(at('schema/openapi.json'), `${JSON.stringify(await apiDocument(), null, 2)}\n`);
writeFileSync(
  at('schema/workflow-input.schema.json'),
  `${JSON.stringify(workflowInputJsonSchema(), null, 2)}\n`,
);

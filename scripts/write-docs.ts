/**
 * Writes the generated files: docs/reference/errors.md, the JSON Schemas, the OpenAPI document and the
 * diagrams. `npm run docs`; a test fails when a committed file differs.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { errorsPage } from './errors-page.ts';
import { apiDocument } from '../src/gateway/openapi-document.ts';
import { pipelineJsonSchema } from '../src/spec/index.ts';
import { workflowInputJsonSchema } from '../src/spec/workflow-input.ts';
import { drawDiagram } from './diagram.ts';

const at = (path: string): URL => new URL(`../${path}`, import.meta.url);

for (const folder of ['docs', 'schema']) mkdirSync(at(folder), { recursive: true });
writeFileSync(at('docs/reference/errors.md'), errorsPage());
writeFileSync(
  at('schema/pipeline.schema.json'),
  `${JSON.stringify(pipelineJsonSchema(), null, 2)}\n`,
);
writeFileSync(at('schema/openapi.json'), `${JSON.stringify(await apiDocument(), null, 2)}\n`);
writeFileSync(
  at('schema/workflow-input.schema.json'),
  `${JSON.stringify(workflowInputJsonSchema(), null, 2)}\n`,
);

const diagram = 'docs/images/how-a-run-works';
writeFileSync(at(`${diagram}.svg`), await drawDiagram(readFileSync(at(`${diagram}.dot`), 'utf8')));

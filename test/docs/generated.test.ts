import { expect, test } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { drawDiagram } from '../../scripts/diagram.ts';
import { apiDocument } from '../../src/gateway/openapi-document.ts';
import { errorsPage } from '../../scripts/errors-page.ts';
import { loadPipeline } from '../../src/spec/index.ts';
import { workflowInput, workflowInputJsonSchema } from '../../src/spec/workflow-input.ts';

const text = (path: string): Promise<string> =>
  readFile(new URL(`../../${path}`, import.meta.url), 'utf8');

test('docs/reference/errors.md is what the table of error codes says', async () => {
  expect(await text('docs/reference/errors.md')).toBe(errorsPage());
});

test('schema/openapi.json is what the gateway says of itself', async () => {
  const committed: unknown = JSON.parse(await text('schema/openapi.json'));
  expect(committed).toEqual(JSON.parse(JSON.stringify(await apiDocument())));
});

test('schema/workflow-input.schema.json is what the workflow takes', async () => {
  const committed: unknown = JSON.parse(await text('schema/workflow-input.schema.json'));
  expect(committed).toEqual(JSON.parse(JSON.stringify(workflowInputJsonSchema())));
  const { pipeline } = await loadPipeline('examples/companies/pipeline.yaml');
  expect(workflowInput.parse({ pipeline })).toEqual({ pipeline });
});

test('the diagram of a run is what its text says', async () => {
  const drawn = await drawDiagram(await text('docs/images/how-a-run-works.dot'));
  expect(await text('docs/images/how-a-run-works.svg')).toBe(drawn);
});

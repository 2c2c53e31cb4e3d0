import { readFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { pipelineJsonSchema } from '../../src/spec/index.ts';

const committed = new URL('../../schema/pipeline.schema.json', import.meta.url);

test('the committed JSON Schema is the one the code prints', async () => {
  // Renew it with: rowmill schema > schema/pipeline.schema.json
  const text = await readFile(committed, 'utf8');
  expect(JSON.parse(text)).toEqual(pipelineJsonSchema());
});

test('every field has a description for an editor', () => {
  const missing: string[] = [];
  let seen = 0;
  const walk = (value: unknown, path: string): void => {
    if (Array.isArray(value)) value.forEach((item, at) => walk(item, `${path}[${at}]`));
    else if (typeof value === 'object' && value !== null) {
      for (const [key, child] of Object.entries(value)) {
        if (key === 'properties') fields(child, path);
        else walk(child, `${path}.${key}`);
      }
    }
  };
  const fields = (properties: unknown, path: string): void => {
    for (const [name, field] of Object.entries(Object(properties) as Record<string, unknown>)) {
      seen += 1;
      const text: unknown = Reflect.get(Object(field), 'description');
      if (typeof text !== 'string' || text.length < 8) missing.push(`${path}.${name}`);
      walk(field, `${path}.${name}`);
    }
  };
  walk(pipelineJsonSchema(), '');
  expect(seen).toBeGreaterThan(60);
  expect(missing).toEqual([]);
});

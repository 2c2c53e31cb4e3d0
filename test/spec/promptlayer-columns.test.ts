import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { parsePipeline, SpecError } from '../../src/spec/index.ts';

const example = fileURLToPath(
  new URL('../../examples/companies/promptlayer.yaml', import.meta.url),
);
const text = await readFile(example, 'utf8');
const parse = (changed: string) => parsePipeline(changed, { file: example, baseDir: '/here' });

test('the example has its settings and columns word for word', () => {
  const { provider, table } = parse(text).pipeline;
  expect(provider).toBe('promptlayer');
  expect(table.settings).toEqual({ sheet: 'Companies' });
  expect(table.kind).toBeUndefined();
  expect(table.columns.map((column) => column['title'])).toEqual([
    'Company',
    'Sector',
    'Headquarters',
    'Profile',
  ]);
});

test.each([
  ['a kind', 'sheet: Companies', 'kind: company', 'kind'],
  ['an unknown type', 'type: TEXT', 'type: TEXTS', '"TEXTS"'],
  ['a column for people', 'type: TEXT', 'type: HUMAN', '"HUMAN"'],
  ['a title twice', 'title: Profile', 'title: Sector', '"Sector" again'],
  ['the title of the keys', 'title: Profile', 'title: rowmill key', '"rowmill key"'],
  ['an unknown column', 'sector: Sector', 'sector: Sectr', 'no column is called "Sectr"'],
  ['a column that reads itself', 'sector: Sector', 'sector: Profile', 'the column itself'],
  ['no prompt', /inline_template:/g, 'inline:', 'no prompt'],
  [
    'a circle',
    'mappings: { company: Company }',
    'mappings: { company: Company, profile: Profile }',
    'waits for itself',
  ],
])('%s is a mistake that is named', (_what, before, after, told) => {
  const changed = text.replace(before, after);
  expect(changed).not.toBe(text);
  expect(() => parse(changed)).toThrow(SpecError);
  expect(() => parse(changed)).toThrow(told);
});

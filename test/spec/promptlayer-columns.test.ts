import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { promptLayerSpec } from '../../src/providers/promptlayer/spec.ts';
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

/** One more column, of this type and config, behind the first. */
function afterText(typeAndConfig: string): [string, string] {
  return ['type: TEXT', `type: TEXT\n    - { title: X, type: ${typeAndConfig} }`];
}

test('a column waits for what its config reads, whatever the field is called', () => {
  const read = (typeAndConfig: string): string[] | undefined => {
    const { columns } = parse(text.replace(...afterText(typeAndConfig))).pipeline.table;
    return promptLayerSpec.plan({ columns }).find(({ key }) => key === 'X')?.dependsOn;
  };
  expect(read('JSON_PATH, config: { source: Sector }')).toEqual(['Sector']);
  expect(read('COMPARE, config: { sources: [Sector, Profile] }')).toEqual(['Sector', 'Profile']);
  expect(read('LLM_ASSERTION, config: { source: Profile, prompt_source: Company }')).toEqual([
    'Profile',
  ]);
  const loop = 'variable_mappings: { item: _iterator_item, sector: Sector }';
  expect(read(`FOR_LOOP, config: { iterator_source: Profile, ${loop} }`)).toEqual([
    'Profile',
    'Sector',
  ]);
  // Another sheet's, which nobody here can look up.
  expect(read('COMPOSITION, config: { source: Leads.Rows.Sector }')).toEqual([]);
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
  ['two prompts', 'inline_template:', 'template: { name: x }\n        inline_template:', 'both'],
  ['no variables', /_mappings:/g, '_mapping:', 'no `prompt_template_variable_mappings`'],
  [
    'a variable of no column',
    'sector {sector}',
    'sector {sektor}',
    '{sektor} is mapped to no column',
  ],
  ['a source of no column', ...afterText('JSON_PATH, config: { source: Sectr }'), '"Sectr"'],
  ['one of its sources', ...afterText('COALESCE, config: { sources: [Sector, Size] }'), '"Size"'],
  ['an input', ...afterText('MCP, config: { input_mappings: { q: Companies } }'), '"Companies"'],
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

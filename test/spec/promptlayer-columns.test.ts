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
  const prompt = 'prompt_template_variable_mappings: { item: _iterator_item, s: Sector }';
  expect(read(`FOR_LOOP, config: { loop_type: prompt, prompt_config: { ${prompt} } }`)).toEqual([
    'Sector',
  ]);
  const steps = 'workflow_config: { input_mappings: { text: Profile } }';
  expect(read(`WHILE_LOOP, config: { loop_type: workflow, ${steps} }`)).toEqual(['Profile']);
  // Another sheet's, which nobody here can look up.
  expect(read('COMPOSITION, config: { source: Leads.Rows.Sector }')).toEqual([]);
});

test('types may be written as the API takes them: in lower case, or by another word of it', () => {
  const lower = text
    .replaceAll('type: TEXT', 'type: text')
    .replaceAll('type: PROMPT_TEMPLATE', 'type: prompt_template');
  expect(lower).not.toBe(text);
  const plan = (changed: string) => promptLayerSpec.plan(parse(changed).pipeline.table);
  expect(plan(lower)).toEqual(plan(text));
  const other = text.replace(...afterText('code, config: {}'));
  expect(plan(other).find(({ key }) => key === 'X')).toMatchObject({ paid: true, input: false });
  expect(() => parse(text.replaceAll('type: TEXT', 'type: human'))).toThrow('"human"');
});

/** The example with a prompt in Jinja. */
const inJinja = (prompt: string): string =>
  text
    .replace('type: completion', 'type: completion\n            template_format: jinja2')
    .replace(/text: Which GICS .*/, () => `text: ${JSON.stringify(prompt)}`);

test.each([
  ['a variable', 'About {{ company }} and {{ sektor }}'],
  ['one without spaces', '{{company}}, {{-sektor-}}'],
  ['one behind a comment', '{# {{ nobody }} #}{{ sektor }}'],
])('a Jinja prompt with %s that is mapped to no column is a mistake', (_what, prompt) => {
  const changed = inJinja(prompt);
  expect(changed).not.toBe(text);
  expect(() => parse(changed)).toThrow(/\{\{-? ?sektor ?-?\}\} is mapped to no column/);
});

test.each([
  ['set by itself', '{% set sektor = company %}{{ sektor }}'],
  ['of a loop', '{% for item in company %}{{ item }}{% endfor %}'],
  ['in a comment', '{{ company }}{# {{ sektor }} #}'],
  ['that may be missing', '{{ sektor | default("none") }}'],
  ['in a text', "{{ '{{ sektor }}' }}"],
  ['that is a word of the language', '{{ none }}{{ True }}{{ loop }}'],
  ['of single braces', '{sektor} {{ company }}'],
])('a Jinja prompt may hold a name %s', (_what, prompt) => {
  const changed = inJinja(prompt);
  expect(changed).not.toBe(text);
  expect(() => parse(changed)).not.toThrow();
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

import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { parse as parseYaml } from 'yaml';
import { COSTS } from '../../src/providers/promptlayer/column-configs.ts';
import { promptLayerSpec } from '../../src/providers/promptlayer/spec.ts';
import { parsePipeline, SpecError } from '../../src/spec/index.ts';

const example = fileURLToPath(
  new URL('../../examples/companies/promptlayer.yaml', import.meta.url),
);
const text = await readFile(example, 'utf8');
const parse = (changed: string) => parsePipeline(changed, { file: example, baseDir: '/here' });

/** Paths of the mistakes; and the same with what is said of them. */
function mistakesIn(changed: string): [string[], string[]] {
  try {
    parse(changed);
    return [[], []];
  } catch (error) {
    if (!(error instanceof SpecError)) throw error;
    const { issues } = error;
    return [
      issues.map(({ path }) => path),
      issues.map(({ path, found, allowed }) => `${path} ${found} ${allowed ?? ''}`),
    ];
  }
}

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
  expect(read('JSON_PATH, config: { source: Sector, json_path: $ }')).toEqual(['Sector']);
  const kind = 'comparison_type: { type: STRING }';
  expect(read(`COMPARE, config: { sources: [Sector, Profile], ${kind} }`)).toEqual([
    'Sector',
    'Profile',
  ]);
  expect(read('COMPARE, config: { source1: Sector, source2: Profile }')).toEqual([
    'Sector',
    'Profile',
  ]);
  expect(read('LLM_ASSERTION, config: { source: Profile, prompt_source: Company }')).toEqual([
    'Profile',
  ]);
  const own = 'variable_mappings: { item: _iterator_item, sector: Sector }';
  const flow = 'loop_type: workflow, workflow_config: { workflow_id: 3 }';
  expect(read(`FOR_LOOP, config: { ${flow}, iterator_source: Profile, ${own} }`)).toEqual([
    'Profile',
    'Sector',
  ]);
  const mapped = 'prompt_template_variable_mappings: { item: _iterator_item, s: Sector }';
  const prompt = `prompt_config: { template: { name: x }, ${mapped} }`;
  expect(read(`FOR_LOOP, config: { loop_type: prompt, max_iterations: 2, ${prompt} }`)).toEqual([
    'Sector',
  ]);
  const steps = 'workflow_config: { workflow_id: 3, input_mappings: { text: Profile } }';
  expect(read(`WHILE_LOOP, config: { loop_type: workflow, ${steps} }`)).toEqual(['Profile']);
  // Another sheet's, which cannot be looked up here.
  expect(read('COMPOSITION, config: { source: Leads.Rows.Sector }')).toEqual([]);
});

test('each word that the API takes for a type is accepted', () => {
  const lower = text
    .replaceAll('type: TEXT', 'type: text')
    .replaceAll('type: PROMPT_TEMPLATE', 'type: prompt_template');
  expect(lower).not.toBe(text);
  const plan = (changed: string) => promptLayerSpec.plan(parse(changed).pipeline.table);
  expect(plan(lower)).toEqual(plan(text));
  const other = text.replace(...afterText('code, config: { code: return 1, language: PYTHON }'));
  expect(plan(other).find(({ key }) => key === 'X')).toMatchObject({ paid: true, input: false });
  expect(plan(text.replaceAll('type: PROMPT_TEMPLATE', 'type: llm'))).toEqual(plan(text));
  const score = text.replace(...afterText('score, config: { source: Company, prompt: "?" }'));
  expect(plan(score).find(({ key }) => key === 'X')).toMatchObject({ paid: true });
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
  [
    'a source of no column',
    ...afterText('JSON_PATH, config: { source: Sectr, json_path: $ }'),
    '"Sectr"',
  ],
  ['one of its sources', ...afterText('COALESCE, config: { sources: [Sector, Size] }'), '"Size"'],
  ['an input', ...afterText('MCP, config: { input_mappings: { q: Companies } }'), '"Companies"'],
  [
    'a circle',
    'mappings: { company: Company }',
    'mappings: { company: Company, profile: Profile }',
    'waits for itself',
  ],
])('%s is a mistake that is named', (_what, before, after, reported) => {
  const changed = text.replace(before, after);
  expect(changed).not.toBe(text);
  expect(() => parse(changed)).toThrow(SpecError);
  expect(() => parse(changed)).toThrow(reported);
});

/** Smallest config of each type. */
const MIN: Record<string, string[]> = {
  CODE_EXECUTION: ['code: return 1, language: PYTHON'],
  ENDPOINT: ['url: https://example.com'],
  WORKFLOW: ['workflow_id: 3, input_mappings: {}'],
  MCP: ['mcp_server_id: 3, tool_name: x, input_mappings: {}'],
  CONVERSATION_SIMULATOR: [
    'template: { name: x }, prompt_template_variable_mappings: {}, user_persona: x',
    'template: { id: 3 }, prompt_template_variable_mappings: {}, user_persona_source: Sector',
  ],
  FOR_LOOP: [
    'loop_type: workflow, max_iterations: 2, workflow_config: { workflow_version_id: 3 }',
    'loop_type: prompt, iterator_source: Sector, prompt_config: { template: { name: x }, ' +
      'prompt_template_variable_mappings: {} }',
  ],
  WHILE_LOOP: ['loop_type: workflow, workflow_config: { workflow_id: 3 }'],
  LLM_ASSERTION: ['source: Sector, prompt: x', 'source: Sector, prompt_source: Company'],
  AI_DATA_EXTRACTION: ['source: Sector, query: x'],
  COSINE_SIMILARITY: ['sources: [Sector, Company]'],
  ABSOLUTE_NUMERIC_DISTANCE: ['sources: [Sector, Company]', 'source1: Sector, source2: Company'],
  COMPARE: [
    'sources: [Sector, Company], comparison_type: { type: STRING }',
    'sources: [Sector], comparison_type: { type: NUMBER }, target: 3',
  ],
  CONTAINS: ['source: Sector, value: x', 'source: Sector, value_source: Company'],
  REGEX: ['source: Sector, regex_pattern: x', 'source: Sector, pattern: x'],
  REGEX_EXTRACTION: ['source: Sector, regex_pattern: x'],
  JSON_PATH: ['source: Sector, json_path: $', 'source: Sector, path: $'],
  XML_PATH: ['source: Sector, xml_path: x', 'source: Sector, xpath: x'],
  PARSE_VALUE: ['source: Sector, type: number'],
  ASSERT_VALID: ['source: Sector, type: a-word-of-tomorrow'],
  COUNT: ['source: Sector, type: words'],
  MIN_MAX: ['source: Sector, type: min'],
  MATH_OPERATOR: [
    'sources: [Sector], operator: ge, value: 0',
    'sources: [Sector, Company], operator: ge',
  ],
  COALESCE: ['sources: [Sector, Company, Profile]'],
  COMBINE_COLUMNS: ['sources: [Sector]'],
  APPLY_DIFF: ['original_source: Sector, diff_source: Company'],
  COMPOSITION: ['source: Leads.Rows.Sector'],
  VARIABLE: ['value: { type: string, value: x }'],
};

const leastConfigs = Object.entries(MIN).flatMap(([type, configs]) =>
  configs.map((config): [string, string] => [type, config]),
);

test('every type that computes has its least config here', () => {
  const types = Object.keys(COSTS).filter((type) => !['TEXT', 'HUMAN'].includes(type));
  expect([...Object.keys(MIN), 'PROMPT_TEMPLATE'].sort()).toEqual(types.sort());
});

test.each(leastConfigs)('%s is accepted with fields of tomorrow: %s', (type, config) => {
  for (const more of ['', ', a_field_of_tomorrow: [1]']) {
    const changed = text.replace(...afterText(`${type}, config: { ${config}${more} }`));
    expect(() => parse(changed)).not.toThrow();
  }
});

/** The config as a mapping, without one of its fields. */
const without = (config: string): [string, string][] => {
  const fields = parseYaml(`{ ${config} }`) as Record<string, unknown>;
  return Object.keys(fields).map((field) => {
    const { [field]: _gone, ...rest } = fields;
    return [field, JSON.stringify(rest)];
  });
};

test.each(
  leastConfigs.flatMap(([type, config]) =>
    without(config).map(([field, rest]): [string, string, string] => [type, field, rest]),
  ),
)('%s without %s is an issue at that place', (type, field, rest) => {
  const [, mistakes] = mistakesIn(text.replace(...afterText(`${type}, config: ${rest}`)));
  expect(mistakes.length).toBeGreaterThan(0);
  const near = /^source[12]$/.test(field)
    ? 'source'
    : field.replace(/_(version_)?(id|source)$/, '');
  expect(mistakes.join(' ')).toContain(near.split('_')[0]);
  expect(mistakes.every((path) => path.startsWith('table.columns[1]'))).toBe(true);
});

test.each([
  ['no config at all', 'JSON_PATH', ['config.source', 'config.json_path']],
  ['an empty text', "AI_DATA_EXTRACTION, config: { source: Sector, query: '' }", ['config.query']],
  ['nothing', 'AI_DATA_EXTRACTION, config: { source: Sector, query: }', ['config.query']],
  ['one column of two', 'COSINE_SIMILARITY, config: { sources: [Sector] }', ['config.sources']],
  ['no list of columns', 'COALESCE, config: { sources: Sector }', ['config.sources']],
  [
    'three columns of two',
    'COSINE_SIMILARITY, config: { sources: [Sector, Company, Profile] }',
    ['config.sources'],
  ],
  [
    'both ends of a loop',
    'FOR_LOOP, config: { loop_type: workflow, workflow_config: { workflow_id: 3 }, ' +
      'iterator_source: Sector, max_iterations: 3 }',
    ['config.max_iterations'],
  ],
  ['an unknown loop', 'WHILE_LOOP, config: { loop_type: prompts }', ['config.loop_type']],
  [
    'a loop without a prompt',
    'WHILE_LOOP, config: { loop_type: prompt, prompt_config: { prompt_template_variable_mappings: {} } }',
    ['config.prompt_config'],
  ],
  [
    'a prompt of no name',
    'PROMPT_TEMPLATE, config: { template: { label: x }, prompt_template_variable_mappings: {} }',
    ['config.template.name'],
  ],
  [
    'an inline prompt that is none',
    'PROMPT_TEMPLATE, config: { inline_template: { inline: false }, prompt_template_variable_mappings: {} }',
    ['config.inline_template.prompt_template', 'config.inline_template.inline'],
  ],
])('%s is one issue', (_what, column, paths) => {
  const [issues] = mistakesIn(text.replace(...afterText(column)));
  expect(issues).toEqual(paths.map((path) => `table.columns[1].${path}`));
});

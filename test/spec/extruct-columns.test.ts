import { expect, test } from '@jest/globals';
import { columnDependencies, mentionsOf } from '../../src/providers/extruct/dependencies.ts';
import { providerSpec, type TableShape } from '../../src/providers/catalog.ts';
import { briefly, mistakes, parse, withColumns } from './pipeline-text.ts';

const agent = (key: string, value: string) =>
  `- { kind: agent, key: ${key}, name: X, value: { ${value} } }`;

const found = (columns: string[], kind = 'company') =>
  briefly(withColumns(columns.join('\n'), kind));

test('a mention of an unknown column points at the mention', () => {
  const text = withColumns(`- kind: agent
  key: hq
  name: HQ
  value:
    prompt: >-
      Where is {company_name},
      a {sectr} company?
${agent('sector', 'prompt: x')}`);
  expect(mistakes(text)).toEqual([
    {
      line: 12,
      column: 13,
      path: 'table.columns[0].value.prompt',
      found: '{sectr} is no column',
      allowed:
        'columns of this table: input, company_profile, company_name, company_website, hq, sector',
      suggestion: 'sector',
    },
  ]);
});

test('each circle of columns is named once', () => {
  const columns = [
    agent('a', 'prompt: "{b}"'),
    agent('b', 'prompt: "{c} {d}"'),
    agent('c', 'prompt: "x", extra_dependencies: [a]'),
    agent('d', 'prompt: "{d}"'),
    agent('e', 'prompt: "{a}"'),
  ];
  expect(found(columns).sort()).toEqual([
    'table.columns[2].value.prompt: columns wait for each other: a → b → c → a',
    'table.columns[3].value.prompt: columns wait for each other: d → d',
  ]);
});

test.each<[string, string[], string, string[]]>([
  [
    'unknown kind',
    ['- { kind: agnt, key: a, name: A }'],
    'company',
    ['table.columns[0].kind: "agnt" → agent'],
  ],
  ['no kind', ['- { key: a, name: A }'], 'company', ['table.columns[0].kind: missing']],
  [
    'unknown field',
    [agent('a', 'prompt: x, promt: y')],
    'company',
    ['table.columns[0].value.promt: unknown key → prompt'],
  ],
  [
    'unknown field beside',
    ['- { kind: input, key: a, name: A, vlue: 1 }', agent('b', 'prompt: x')],
    'company',
    ['table.columns[0].vlue: unknown key'],
  ],
  [
    'unknown format',
    [agent('a', 'prompt: x, output_format: txt')],
    'company',
    ['table.columns[0].value.output_format: "txt" → text'],
  ],
  [
    'a key that cannot be mentioned',
    ['- { kind: agent, key: a-b, name: A, value: { prompt: x } }'],
    'company',
    ['table.columns[0].key: "a-b"'],
  ],
  [
    'the same key twice',
    [agent('a', 'prompt: x'), agent('a', 'prompt: x')],
    'company',
    ['table.columns[1].key: "a" again'],
  ],
  [
    'a key the table has itself',
    [agent('company_name', 'prompt: x')],
    'company',
    ['table.columns[0].key: "company_name"'],
  ],
  [
    'a system column',
    ['- { kind: company_profile, key: p, name: P }'],
    'company',
    ['table.columns[0].kind: "company_profile"'],
  ],
  [
    'no prompt',
    [agent('a', 'output_format: text')],
    'company',
    ['table.columns[0].value.prompt: missing'],
  ],
  [
    'select without labels',
    [agent('a', 'prompt: x, output_format: select')],
    'company',
    ['table.columns[0].value.labels: missing'],
  ],
  [
    'multiselect with null labels',
    [agent('a', 'prompt: x, output_format: multiselect, labels: null')],
    'company',
    ['table.columns[0].value.labels: missing'],
  ],
  [
    'label with empty labels',
    [agent('a', 'prompt: x, output_format: label, labels: []')],
    'company',
    ['table.columns[0].value.labels: an empty list'],
  ],
  [
    'json without schema',
    [agent('a', 'prompt: x, output_format: json')],
    'company',
    ['table.columns[0].value.output_schema: missing'],
  ],
  [
    'research_pro on people',
    [agent('a', 'agent_type: research_pro, prompt: x')],
    'people',
    ['table.columns[0].value.agent_type: "research_pro"'],
  ],
  [
    'research on people',
    [agent('a', 'agent_type: research, prompt: x')],
    'people',
    ['table.columns[0].value.agent_type: "research"'],
  ],
  [
    'an input of the key of an agent that people tables make',
    ['- { kind: input, key: full_name, name: N }', agent('a', 'agent_type: llm, prompt: x')],
    'people',
    ['table.columns[0].key: "full_name"'],
  ],
  [
    'scores that no run fills',
    [agent('a', 'prompt: x'), '- { kind: discovery_scores, key: d, name: D }'],
    'company',
    ['table.columns[1].kind: "discovery_scores"'],
  ],
  [
    'the default agent on people',
    [agent('a', 'prompt: x')],
    'people',
    ['table.columns[0].value.agent_type: missing (the default is research_pro)'],
  ],
  [
    'people finder without roles',
    ['- { kind: company_people_finder, key: a, name: A, value: { roles: [] } }'],
    'company',
    ['table.columns[0].value.roles: an empty list'],
  ],
  [
    'people finder on people',
    ['- { kind: company_people_finder, key: a, name: A, value: { roles: [CEO] } }'],
    'people',
    ['table.columns[0].kind: "company_people_finder" on a people table'],
  ],
  [
    'e-mail finder on companies',
    ['- { kind: email_finder, key: a, name: A }'],
    'company',
    ['table.columns[0].kind: "email_finder" on a company table'],
  ],
  [
    'contacts of people whose company is unknown',
    ['- { kind: phone_finder, key: a, name: A }'],
    'people',
    ['table.columns[0].kind: "phone_finder" without the website of the company'],
  ],
  [
    'lookup of an unknown column',
    [
      '- { kind: reverse_email_lookup, key: a, name: A, email_column_key: mial }',
      '- { kind: input, key: mail, name: M }',
    ],
    'people',
    ['table.columns[0].email_column_key: "mial" is no column → mail'],
  ],
  [
    'an unknown extra dependency',
    [agent('a', 'prompt: x, extra_dependencies: [inptu]')],
    'company',
    ['table.columns[0].value.extra_dependencies[0]: "inptu" is no column → input'],
  ],
  [
    'nothing to compute',
    ['- { kind: input, key: a, name: A }'],
    'generic',
    ['table.columns: only input columns: there is nothing to compute'],
  ],
  [
    'generic tables have no input of their own',
    [agent('a', 'prompt: "{input}"')],
    'generic',
    ['table.columns[0].value.prompt: {input} is no column'],
  ],
])('refused: %s', (_, columns, kind, expected) => {
  expect(found(columns, kind)).toEqual(expected);
});

test('one broken column hides nothing about the others', () => {
  expect(found(['- 5', agent('b', 'prompt: "{zz} {c}"'), '- { kind: agent, key: c }'])).toEqual([
    'table.columns[0]: 5',
    'table.columns[1].value.prompt: {zz} is no column',
    'table.columns[2].name: missing',
    'table.columns[2].value: missing',
  ]);
});

test('every kind of column there is passes', () => {
  const company = `- { kind: input, key: input, name: Company }
- { kind: input, key: notes, name: Notes }
- { kind: agent, key: a, name: A, value: { agent_type: llm, prompt: "{notes} {\\"json\\": 1}", output_format: select, labels: [x, y] } }
- { kind: agent, key: j, name: J, value: { prompt: "x", output_format: json, output_schema: { type: object }, extra_dependencies: null } }
- { kind: agent, key: l, name: L, value: { agent_type: linkedin } }
- { kind: criterion_grade, key: g, name: G, value: { criterion: "Sells to {a}" } }
- { kind: company_people_finder, key: p, name: P, value: { roles: [CEO], max_results: 3 } }`;
  expect(found([company])).toEqual([]);
  const people = `- { kind: input, key: company_website, name: W }
- { kind: email_finder, key: e, name: E }
- { kind: phone_finder, key: t, name: T }
- { kind: reverse_email_lookup, key: r, name: R, email_column_key: e }`;
  expect(found([people], 'people')).toEqual([]);
  const columns = parse(withColumns(company)).pipeline.table.columns;
  expect(columns[4]).toEqual({
    kind: 'agent',
    key: 'l',
    name: 'L',
    value: { agent_type: 'linkedin' },
  });
});

const extruct = providerSpec('extruct');
const plan = (columns: TableShape['columns'], kind?: string) =>
  extruct?.plan(kind === undefined ? { columns } : { kind, columns }) ?? [];
const ask = (key: string, prompt: string) => ({ kind: 'agent', key, name: key, value: { prompt } });

test('the plan of a company table has prices and dependencies', () => {
  const finder = { kind: 'company_people_finder', key: 'p', name: 'P', value: { roles: ['CEO'] } };
  const columns = [ask('a', 'x {b}'), ask('b', 'x {input}'), finder];
  const context = ['company_name', 'company_website'];
  expect(
    plan(columns).map(({ key, input, ours, creditsWeight, dependsOn }) => [
      key,
      input,
      ours,
      creditsWeight,
      dependsOn,
    ]),
  ).toEqual([
    ['input', true, false, 0, []],
    ['company_profile', false, false, 0, ['input']],
    ['company_name', false, false, 0, ['input']],
    ['company_website', false, false, 0, ['input']],
    ['a', false, true, 1, ['b', ...context]],
    ['b', false, true, 1, ['input', ...context]],
    ['p', false, true, 2, context],
  ]);
});

test('a declared input column takes the place of the automatic one', () => {
  const columns = [{ kind: 'input', key: 'input', name: 'Company' }, ask('a', 'x')];
  expect(plan(columns).filter(({ key }) => key === 'input')).toEqual([
    expect.objectContaining({ name: 'Company', ours: true, paid: false }),
  ]);
  expect(extruct?.inputs({ columns })).toEqual(['input']);
});

test('inputs: what rows must fill, by kind of table', () => {
  const columns = [{ kind: 'input', key: 'site', name: 'S' }];
  expect(extruct?.inputs({ columns })).toEqual(['input', 'site']);
  expect(extruct?.inputs({ kind: 'people', columns })).toEqual(['input', 'site']);
  expect(extruct?.inputs({ kind: 'generic', columns })).toEqual(['site']);
});

test('rows fill no column that an agent of a people table fills', () => {
  const website = '- { kind: input, key: company_website, name: W }';
  const text = withColumns(
    [website, agent('a', 'agent_type: llm, prompt: x')].join('\n'),
    'people',
  );
  const mapped = text.replace(
    '{ from: companies.csv }',
    '{ from: companies.csv, map: { full_name: Name, company_website: Site } }',
  );
  expect(briefly(mapped)).toEqual([
    'rows.map.full_name: "full_name" is no input column of the table',
  ]);
});

test('the plan of a people table counts the agents that it makes itself', () => {
  const columns = [ask('a', 'x {role}')];
  expect(
    plan(columns, 'people').map(({ key, input, ours, creditsWeight, dependsOn }) => [
      key,
      input,
      ours,
      creditsWeight,
      dependsOn,
    ]),
  ).toEqual([
    ['input', true, false, 0, []],
    ['full_name', false, false, 1, ['input']],
    ['role', false, false, 1, ['input']],
    ['profile_url', false, false, 1, ['input']],
    ['a', false, true, 1, ['role', 'full_name', 'profile_url']],
  ]);
});

test.each([
  ['reverse_email_lookup, email_column_key: e', 'generic'],
  ['company_profile', 'generic'],
  ['company_website', 'people'],
])('what the schema allows and nothing documents is a warning: %s on %s', (kind, table) => {
  const columns = `- { kind: input, key: e, name: E }\n- { kind: ${kind}, key: x, name: X }`;
  const { warnings } = parse(withColumns(columns, table));
  expect(warnings).toEqual([expect.stringContaining(`on a ${table} table`)]);
  expect(warnings[0]).toContain('table.columns[1].kind');
});

test('dependencies are read from any config, valid or not', () => {
  expect(columnDependencies(ask('a', '{a} {b} {b}'), 'generic')).toEqual(['b']);
  expect(columnDependencies({ kind: 'email_finder', key: 'e' }, 'people')).toEqual([
    'full_name',
    'profile_url',
    'company_website',
  ]);
  expect(columnDependencies({ kind: 'agent', value: [1] }, 'people')).toEqual([
    'full_name',
    'profile_url',
    'role',
  ]);
  expect(columnDependencies({ kind: 'new_kind', value: null }, 'company')).toEqual([]);
  expect(mentionsOf('{a} {"b": 1} { c } {} {d_1}')).toEqual(['a', 'd_1']);
});

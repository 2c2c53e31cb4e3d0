import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { RowmillError } from '../../src/errors.ts';
import { PROVIDER_NAMES } from '../../src/providers/catalog.ts';
import { listOf, RESULT_EXTENSIONS } from '../../src/sinks/index.ts';
import { SpecError } from '../../src/spec/index.ts';
import { briefly, GOOD, mistakes, parse, withLine } from './pipeline-text.ts';

test('all issues of a file are reported at once', () => {
  const text = `name: Bad Name
provider: extruct
table:
  kind: compny
  colums: []
  columns:
    - kind: agent
      key: sector
      name: Sector
      value: { agent_type: reserch_pro, prompt: "Sector?" }
rows: { form: x.csv }
run: { failedPasses: -1, tolerateFailed: 3, deadline: 6 hours }
results:
  - to: a.xlsx
  - {}
schedule: { at: "25:00", timezone: Europe/Berln, days: [monday] }
`;
  let message = '';
  try {
    parse(text);
  } catch (error) {
    if (error instanceof SpecError) message = error.message;
  }
  expect(message.split('\n')).toEqual([
    '14 mistakes in p.yaml',
    'p.yaml:1:7  name  "Bad Name" · lower-case letters, digits and "-", 1 to 63, like sp500-profile',
    'p.yaml:4:9  table.kind  "compny" · allowed: company, people, generic · did you mean "company"?',
    'p.yaml:5:3  table.colums  unknown key · allowed: kind, description, tags, keep, columns · did you mean "columns"?',
    'p.yaml:10:28  table.columns[0].value.agent_type  "reserch_pro" · allowed: research_pro, research, research_reasoning, llm, linkedin · did you mean "research_pro"?',
    'p.yaml:11:7  rows  no rows named · `from` or `inline`',
    'p.yaml:11:9  rows.form  unknown key · allowed: from, inline, key, map, keep, skipBad, duplicates, format · did you mean "from"?',
    'p.yaml:12:22  run.failedPasses  -1 · at least 0',
    'p.yaml:12:42  run.tolerateFailed  3 · a share like 2% or 0.02, from 0 to 100%',
    'p.yaml:12:55  run.deadline  "6 hours" · a duration like 30s, 15m, 6h, 2d or 1h30m, up to 365d',
    `p.yaml:14:9  results[0].to  "a.xlsx" · a path or s3://… that ends in ${listOf(RESULT_EXTENSIONS)}`,
    'p.yaml:15:5  results[1]  no place · `to` or `postgres`',
    'p.yaml:16:17  schedule.at  "25:00" · a time of day like "02:30"',
    'p.yaml:16:36  schedule.timezone  "Europe/Berln" · an IANA time zone like Europe/Berlin · did you mean "Europe/Berlin"?',
    'p.yaml:16:57  schedule.days[0]  "monday" · allowed: mon, tue, wed, thu, fri, sat, sun · did you mean "mon"?',
  ]);
});

test('the same mistakes are there as data', () => {
  expect(mistakes(withLine('provider: extruct', 'provider: extract'))).toEqual([
    {
      line: 2,
      column: 11,
      path: 'provider',
      found: '"extract"',
      allowed: `allowed: ${PROVIDER_NAMES.join(', ')}`,
      suggestion: 'extruct',
    },
  ]);
});

test.each(['constructor', '__proto__'])('a table kind %s is refused like any other', (kind) => {
  expect(
    briefly(`
name: a
provider: extruct
table:
  kind: ${kind}
  columns: [{ kind: agent, key: a, name: A, value: { agent_type: llm, prompt: 'What is {b}?' } }]
rows: { from: x.csv }
results: [{ to: out.csv }]
when: { a: { input: { empty: false } } }
`),
  ).toContainEqual(expect.stringContaining('table.kind: '));
});

test('what is required is named when it is missing', () => {
  expect(briefly('description: x')).toEqual([
    'name: missing',
    'provider: missing',
    'table: missing',
    'rows: missing',
    'results: missing',
    'description: unknown key',
  ]);
});

test.each([
  [
    'rows: { from: companies.csv }',
    'rows: { from: a.csv, inline: [] }',
    'rows.inline: both `from` and `inline`',
  ],
  ['rows: { from: companies.csv }', 'rows: { from: 5 }', 'rows.from: 5'],
  ['rows: { from: companies.csv }', 'rows: { from: a.csv.gz }', 'rows.from: "a.csv.gz"'],
  [
    'rows: { from: companies.csv }',
    'rows: { from: a.csv, map: { inpt: X } }',
    'rows.map.inpt: "inpt" is no input column of the table → input',
  ],
  ['to: out/demo.jsonl', 'to: out/demo', 'results[0].to: "out/demo"'],
  ['to: out/demo.jsonl', 'to: out/demo.json', 'results[0].to: "out/demo.json" → .jsonl'],
  ['to: out/demo.jsonl', 'to: ./companies.csv', 'results[0].to: "./companies.csv"'],
  [
    'to: out/demo.jsonl',
    'to: gs://bucket/demo.csv',
    'results[0].to: "gs://bucket/demo.csv": nothing is written to gs://',
  ],
  [
    'to: out/demo.jsonl',
    'to: s3://bucket//demo.csv',
    'results[0].to: "s3://bucket//demo.csv": its key has an empty segment, `.` or `..`',
  ],
  ['to: out/demo.jsonl', 'to: s3://demo.csv', 'results[0].to: "s3://demo.csv": it is a bucket'],
  [
    'rows: { from: companies.csv }',
    'rows: { from: s3://b/x.csv }',
    'rows.from: "s3://b/x.csv": "b" is not the name of a bucket',
  ],
  [
    'to: out/demo.jsonl',
    'to: file:///demo.csv',
    'results[0].to: "file:///demo.csv": nothing is written to file://',
  ],
  ['{ to: out/demo.jsonl }', '{ to: a.csv }, { to: b/../a.csv }', 'results[1].to: "b/../a.csv"'],
  ['name: demo', 'name: demo\nname: demo', ': this key stands twice in the same mapping'],
  ['name: demo', 'name: demo\nrun: { minPollInterval: 5m }', 'run.minPollInterval: "5m"'],
  [
    'name: demo',
    'name: demo\nrun: { minPollInterval: 1m, maxPollInterval: 30s }',
    'run.maxPollInterval: "30s"',
  ],
  ['name: demo', 'name: demo\nrun: { deadline: 30 }', 'run.deadline: 30'],
  ['name: demo', 'name: demo\nrun: { deadline: 400d }', 'run.deadline: "400d"'],
  ['name: demo', 'name: demo\nrun: { tolerateFailed: 2 }', 'run.tolerateFailed: 2'],
  ['name: demo', 'name: demo\nspend: { maxCredits: -1 }', 'spend.maxCredits: -1'],
  [
    'name: demo',
    'name: demo\nchanges: { ignore: [sectr] }',
    'changes.ignore[0]: "sectr" is no column that is computed → sector',
  ],
  [
    'name: demo',
    'name: demo\nchanges: { tolerance: { input: 5% } }',
    'changes.tolerance.input: "input" is no column that is computed',
  ],
  [
    'name: demo',
    'name: demo\nchanges: { tolerance: { sector: 5 } }',
    'changes.tolerance.sector: 5',
  ],
  ['name: demo', 'name: demo\nchanges: { text: exakt }', 'changes.text: "exakt" → exact'],
  [
    'name: demo',
    'name: demo\nexpect: { sectr: { filled: 90% } }',
    'expect.sectr: "sectr" is no column that is computed → sector',
  ],
  [
    'name: demo',
    'name: demo\nexpect: { sector: { filed: 90% } }',
    'expect.sector.filed: unknown key → filled',
  ],
  ['name: demo', 'name: demo\nexpect: { sector: { filled: 90 } }', 'expect.sector.filled: 90'],
  ['name: demo', 'name: demo\nexpect: { sector: {} }', 'expect.sector: no expectation'],
  [
    'name: demo',
    'name: demo\nexpect: { sector: { filled: 1, fits: 90% } }',
    'expect.sector.fits: "90%"',
  ],
  ['name: demo', 'name: demo\nexpect: { sector: { min: 2, max: 1 } }', 'expect.sector.max: 1'],
  [
    'name: demo',
    'name: demo\nexpect: { sector: { type: nubmer } }',
    'expect.sector.type: "nubmer" → number',
  ],
  ['name: demo', 'name: demo\nonFailedExpectation: warn', 'onFailedExpectation: "warn"'],
  ['name: demo', 'name: demo\ncanary: { rows: 0 }', 'canary.rows: 0'],
  ['name: demo', 'name: demo\ncanary: { pick: first }', 'canary.rows: missing'],
  ['name: demo', 'name: demo\ncanary: { rows: 3, pick: [a, b] }', 'canary.rows: 3'],
  ['name: demo', 'name: demo\ncanary: { rows: 3, pick: sprad }', 'canary.pick: "sprad"'],
  [
    'rows: { from: companies.csv }',
    'rows: { inline: [{ input: a }, { input: b }] }\ncanary: { rows: 3 }',
    'canary.rows: 3',
  ],
  [
    'name: demo',
    'name: demo\nwhen: { sectr: { Employees: { atLeast: 50 } } }',
    'when.sectr: "sectr" is no column that is computed → sector',
  ],
  [
    'name: demo',
    'name: demo\nwhen: { sector: { Employees: { atleast: 50 } } }',
    'when.sector.Employees.atleast: unknown key → atLeast',
  ],
  [
    'name: demo',
    'name: demo\nwhen: { sector: { sector: { empty: true } } }',
    'when.sector.sector: "sector" waits for itself',
  ],
  ['name: demo', 'name: demo\nwhen: { sector: {} }', 'when.sector: no condition'],
  ['name: demo', 'name: demo\nwhen: { sector: { Size: {} } }', 'when.sector.Size: no rule'],
  [
    'name: demo',
    'name: demo\nwhen: { sector: { Size: { atLeast: 5, atMost: 4 } } }',
    'when.sector.Size.atMost: 4',
  ],
  [
    'name: demo',
    "name: demo\nwhen: { sector: { Site: { matches: '(?=a)' } } }",
    'when.sector.Site.matches: "(?=a)"',
  ],
  [
    'rows: { from: companies.csv }',
    'rows: { from: companies.csv, keep: [] }\nwhen: { sector: { Size: { atLeast: 5 } } }',
    'when.sector.Size: "Size" is no column of the table, and rows.keep leaves it out of the rows',
  ],
  [
    'name: demo',
    'name: demo\nschedule: { at: "02:30", timezone: "+02:00" }',
    'schedule.timezone: "+02:00"',
  ],
  [
    'name: demo',
    'name: demo\nspend: { perDay: { maxCredits: 5, budget: gtm, timezone: Mars/Olympus } }',
    'spend.perDay.timezone: "Mars/Olympus"',
  ],
  [
    'name: demo',
    'name: demo\nnotify: [{ slack: DATABASE_URL }]',
    'notify[0].slack: "DATABASE_URL"',
  ],
  [
    'name: demo',
    'name: demo\nnotify: [{ slack: SLACK_WEBHOOK_URL, on: [needs-sleep] }]',
    'notify[0].on[0]: "needs-sleep"',
  ],
  ['name: demo', 'name: demo\nnotify: [{ on: [stalled] }]', 'notify[0]: a mapping'],
  [
    'rows: { from: companies.csv }',
    'rows: { from: "https://docs.google.com/spreadsheets/d/1aB-c/edit#gid=0" }',
    'rows.from: the page of a sheet',
  ],
  [
    'rows: { from: companies.csv }',
    'rows: { from: "https://user@lists.example/a.csv" }',
    'rows.from: credentials',
  ],
  [
    'rows: { from: companies.csv }',
    'rows: { from: { postgres: { urlEnv: CRM_URL } } }',
    'rows.from: a mapping',
  ],
  [
    'name: demo',
    'name: demo\nnotify: [{ url: "https://a.example", slack: SLACK_WEBHOOK_URL }]',
    'notify[0]: a mapping',
  ],
  [
    'name: demo',
    'name: demo\nspend: { perDay: { maxCredits: 5, budget: "G T M" } }',
    'spend.perDay.budget: "G T M"',
  ],
  [
    'name: demo',
    'name: demo\nspend: { onCeiling: ask }',
    'spend.onCeiling: "ask" without a ceiling',
  ],
  [
    'name: demo',
    'name: demo\nspend: { maxCredits: 5, onCeiling: stop }',
    'spend.onCeiling: "stop"',
  ],
  [
    'name: demo',
    'name: demo\nspend: { perDay: { budget: gtm } }',
    'spend.perDay.maxCredits: missing',
  ],
  [
    'name: demo',
    'name: demo\nschedule: { at: [], overlap: none, jitter: "10", catchUp: 5s }',
    'schedule.catchUp: "5s"',
  ],
  [
    'name: demo',
    'name: demo\nschedule: { at: ["23:55", "00:05"], jitter: 10m }',
    'schedule.jitter: "10m"',
  ],
  ['name: demo', 'name: demo\nschedule: { at: "2:30", jitter: 7h }', 'schedule.jitter: "7h"'],
  ['name: demo', 'name: demo\nschedule: { at: "2:30", jitter: 7h }', 'schedule.at: "2:30"'],
  ['name: demo', 'name: demo\nschedule: { at: [1], jitter: ten }', 'schedule.jitter: "ten"'],
  ['name: demo', 'name: null', 'name: nothing'],
  [
    'rows: { from: companies.csv }',
    'rows: { inline: [{ input: 0700 }] }',
    ': 0700 would be read as 700',
  ],
  ...[
    ['1.10', '1.1'],
    ['0x1F', '31'],
    ['+49170', '49170'],
    ['1e3', '1000'],
    ['0o17', '15'],
    ['1.0', '1'],
    ['.5', '0.5'],
    ['-0', '0'],
    ['0.12345678901234567891', '0.12345678901234568'],
  ].map(
    ([number = '', read = '']) =>
      [
        'rows: { from: companies.csv }',
        `rows: { inline: [{ input: ${number} }] }`,
        `: ${number} would be read as ${read}`,
      ] as const,
  ),
  [
    'rows: { from: companies.csv }',
    'rows: { from: [{ input: {x: [1.10]} }] }',
    ': 1.10 would be read as 1.1',
  ],
  ['name: demo', 'name: demo\nspend: { maxCredits: 0x1F }', ': 0x1F would be read as 31'],
  [
    'rows: { from: companies.csv }',
    'rows: { from: companies.csv, keep: some }',
    'rows.keep: "some"',
  ],
  ['rows: { from: companies.csv }', 'rows: { from: companies.csv, skipBad: 5 }', 'rows.skipBad: 5'],
  [
    'to: out/demo.jsonl',
    'to: out/demo.jsonl, csv: { bom: true }',
    'results[0].csv: options of a CSV for "out/demo.jsonl"',
  ],
  [
    'to: out/demo.jsonl',
    'to: out/demo.csv, csv: { formula: quoted }',
    'results[0].csv.formula: unknown key → formulas',
  ],
  [
    'to: out/demo.jsonl',
    'to: out/demo.csv, csv: { formulas: quote }',
    'results[0].csv.formulas: "quote" → quoted',
  ],
  [
    'rows: { from: companies.csv }',
    'rows: { inline: [{ input: 12345678901234567890 }] }',
    ': 12345678901234567890 would be read as 12345678901234567000',
  ],
  [
    'rows: { from: companies.csv }',
    'rows: { inline: [{ input: .inf }] }',
    ': .inf would be read as Infinity',
  ],
])('%s → %s', (from, to, mistake) => {
  expect(briefly(withLine(from, to))).toContain(mistake);
});

test('plain numbers of the other fields may have zeros at the end', () => {
  const text = withLine(
    'name: demo',
    'name: demo\nspend: { creditsPerCell: 0.50, maxCredits: 1e3 }',
  );
  expect(parse(text).pipeline.spend).toEqual({ creditsPerCell: 0.5, maxCredits: 1000 });
});

test('the options of rows and results come through as they are', () => {
  const text = withLine(
    'from: companies.csv',
    'from: companies.csv, keep: [a], skipBad: 5%',
  ).replace('out/demo.jsonl', 'out/demo.csv, csv: { formulas: quoted, bom: true }');
  const { pipeline } = parse(text);
  expect(pipeline.rows).toMatchObject({ keep: ['a'], skipBad: 0.05 });
  expect(pipeline.results[0]?.csv).toEqual({ formulas: 'quoted', bom: true });
});

test('the results must not replace the pipeline file', () => {
  const text = withLine('to: out/demo.jsonl', 'to: p.csv');
  expect(mistakes(text, { file: '/data/p.csv' })[0]?.allowed).toContain('the pipeline file itself');
});

test.each([
  ['a bracket that is never closed', 'name: [a\nprovider: x', 2, 1],
  ['indentation by tab', 'table:\n\tkind: x', 2, 1],
  ['two documents', 'name: a\n---\nname: b\n', 2, 1],
  ['an alias without anchor', 'name: a\nprovider: *x', 2, 11],
  ['a tag of its own', 'name: !!binary aGk=', 1, 7],
  ['a merge of what is no mapping', 'name: a\n<<: x', 1, 1],
  ['a key that is a list', '? [a]\n: b', 1, 3],
])('broken YAML is an error with its place: %s', (_, text, line, column) => {
  const [first] = mistakes(text);
  expect(first).toMatchObject({ line, column });
});

test('aliases of aliases do not blow up', () => {
  const levels = 'abcdefghij'.split('').map((name, at, all) => {
    const before = all[at - 1];
    const items =
      before === undefined ? 'x,x,x,x,x,x,x,x,x' : Array(9).fill(`*${before}`).join(',');
    return `${name}: &${name} [${items}]`;
  });
  expect(briefly(levels.join('\n'))).toHaveLength(1);
});

test('deep nesting is refused', () => {
  for (const text of ['['.repeat(50_000), '[x,'.repeat(250) + ']'.repeat(250)]) {
    expect(briefly(`name: ${text}`)).toEqual([': nested too deeply']);
  }
  expect(briefly(`- `.repeat(1_000))).toEqual([': nested too deeply']);
});

test('a file full of mistakes is not repeated in full', () => {
  const text = Array.from({ length: 300 }, (_, at) => `key${at}: 1`).join('\n');
  expect(mistakes(text)).toHaveLength(305);
  expect(() => parse(text)).toThrow(/\n… and 255 more$/);
});

test('a chain of more columns than any table has is one mistake', () => {
  const columns = Array.from(
    { length: 2_000 },
    (_, at) => `    - { kind: agent, key: a${at}, name: A, value: { prompt: "{a${at + 1}}" } }`,
  );
  const text = GOOD.replace(/ {4}- kind[^]*(?=\nrows)/, columns.join('\n'));
  expect(briefly(text)).toEqual(['table.columns: a list']);
});

test('control characters of the file do not reach the terminal', () => {
  expect(() => parse(withLine('provider: extruct', 'provider: "\\e[31mred"'))).toThrow(
    expect.objectContaining({ message: expect.not.stringContaining('\u001b') }),
  );
});

/** A message with a code, never a crash. */
const known = (text: string): void => {
  try {
    parse(text);
  } catch (error) {
    if (!(error instanceof RowmillError)) throw error;
    expect(error.code).toMatch(/^spec_/);
  }
};

test('a mutated good file is read or refused with a code', () => {
  const piece = fc.constantFrom(
    '{',
    '}',
    '[',
    ']',
    ':',
    '- ',
    '\n',
    '  ',
    '"',
    '*a',
    '&a',
    '!x',
    '|',
    '#',
    '\t',
    'x',
    '0',
    '<<: ',
    '---\n',
    '? ',
    '%',
    '\u0000',
    '😀',
  );
  const edit = fc.tuple(fc.nat(GOOD.length), fc.nat(12), fc.array(piece, { maxLength: 3 }));
  fc.assert(
    fc.property(fc.array(edit, { minLength: 1, maxLength: 4 }), (edits) => {
      let text = GOOD;
      for (const [at, cut, pieces] of edits) {
        text = text.slice(0, at) + pieces.join('') + text.slice(at + cut);
      }
      known(text);
    }),
    { numRuns: 200 },
  );
});

test('any value in any place is read or refused with a code', () => {
  const base = {
    name: 'demo',
    provider: 'extruct',
    table: {
      kind: 'company',
      tags: ['a'],
      columns: [
        {
          kind: 'agent',
          key: 'a',
          name: 'A',
          value: { prompt: 'x {a}', labels: ['x'], extra_dependencies: ['b'] },
        },
      ],
    },
    rows: { from: 'a.csv', key: 'k', map: { input: 'x' } },
    run: { failedPasses: 1, tolerateFailed: '2%', deadline: '1h' },
    results: [{ to: 'a.csv' }],
    schedule: { at: '01:00', days: ['mon'] },
  };
  const places: (string | number)[][] = [];
  const collect = (value: unknown, path: (string | number)[]): void => {
    if (path.length > 0) places.push(path);
    if (typeof value !== 'object' || value === null) return;
    for (const [key, child] of Object.entries(value)) {
      collect(child, [...path, Array.isArray(value) ? Number(key) : key]);
    }
  };
  collect(base, []);
  fc.assert(
    fc.property(fc.constantFrom(...places), fc.jsonValue({ maxDepth: 3 }), (path, value) => {
      const changed = structuredClone(base);
      let at: unknown = changed;
      for (const step of path.slice(0, -1)) at = Reflect.get(Object(at), step);
      Reflect.set(Object(at), path.at(-1) ?? '', value);
      known(JSON.stringify(changed));
    }),
    { numRuns: 250 },
  );
});

test.each([
  ['rows.from', 'from: companies.csv', 'from: "rows\\0.csv"'],
  ['results[0].to', 'to: out/demo.jsonl', 'to: "out/\\u001b[2J.jsonl"'],
  ['results[0].to', 'to: out/demo.jsonl', 'to: "out/\\ud800.jsonl"'],
])('a path that no file system should be asked for: %s', (path, from, to) => {
  expect(mistakes(withLine(from, to))).toMatchObject([
    { path, line: GOOD.split('\n').findIndex((line) => line.includes(from)) + 1 },
  ]);
});

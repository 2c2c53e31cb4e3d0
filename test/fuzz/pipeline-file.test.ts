import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parse as parseYaml } from 'yaml';
import type { Json } from '../../src/contract/json.ts';
import { loadPipeline, SpecError } from '../../src/spec/index.ts';
import { createProviders } from '../../src/providers/registry.ts';
import { provisionalPipeline } from '../../src/rules/input/argument.ts';
import { checkInput } from '../../src/spec/check-input.ts';
import { GOOD, parse } from '../spec/pipeline-text.ts';
import { FUZZ_LIMIT_MS, FUZZ_TIMES, fuzzing } from './fuzzing.ts';
import { codeOf, watchLooseEnds } from './loose-ends.ts';
import { mutated, mutations } from './mutations.ts';

watchLooseEnds();

const folder = await mkdtemp(join(tmpdir(), 'rowmill-fuzz-'));
afterAll(() => rm(folder, { recursive: true, force: true }));

const EXAMPLE = await readFile(
  new URL('../../examples/companies/pipeline.yaml', import.meta.url),
  'utf8',
);

const PROVIDERS = createProviders({});

/** A file that uses everything there is. */
const FULL: Json = {
  ...(parseYaml(EXAMPLE) as Record<string, Json>), // our own example, a mapping
  rows: { inline: [{ Symbol: 'MMM', n: 1 }], key: 'Symbol', map: { input: 'Symbol' } },
  run: { mode: 'all', failedPasses: 2, tolerateFailed: '2%', deadline: '6h', stallAfter: '30m' },
  spend: { creditsPerCell: 1, maxCredits: 3000, approveAbove: 1000 },
  results: [{ to: 'out/a.jsonl' }, { to: 'out/b.csv' }],
  schedule: { at: '02:30', timezone: 'Europe/Berlin', days: ['mon', 'tue'] },
};

/** Classifies the text: a valid pipeline, or issues that have a place in it. */
function check(text: string, read: () => unknown): string {
  try {
    read();
    return 'good';
  } catch (error) {
    const code = codeOf(error);
    if (!(error instanceof SpecError)) return code;
    const lines = text.split(/\r\n|\r|\n/).length;
    expect(error.issues.length).toBeGreaterThan(0);
    // A megabyte can hold hundreds of thousands of mistakes.
    for (const { line, column, found } of error.issues.slice(0, 200)) {
      expect(found).not.toBe('');
      expect(line).toBeGreaterThanOrEqual(1);
      expect(line).toBeLessThanOrEqual(lines);
      expect(column).toBeGreaterThanOrEqual(1);
    }
    // What hostile text is quoted must not garble the list.
    expect(error.message.split('\n').length).toBeLessThanOrEqual(52);
    return code;
  }
}

function checkText(text: string): string {
  return check(text, () => {
    const { pipeline } = parse(text);
    expect(pipeline.name).toMatch(/^[a-z0-9][a-z0-9-]{0,62}$/);
    for (const { to } of pipeline.results) {
      expect(isAbsolute(to)).toBe(true);
      expect(to).not.toMatch(/\p{Cc}/u);
    }
    expect(pipeline.table.columns.length).toBeGreaterThan(0);
    for (const each of Object.values(pipeline.run)) expect(each).not.toBeNaN();
    // It travels as JSON: nothing in it may be lost on the way, and a worker takes it as it comes.
    const input: unknown = JSON.parse(JSON.stringify({ pipeline }));
    expect(input).toEqual({ pipeline });
    const { source } = pipeline.rows;
    if (source.type !== 'stdin') expect(checkInput(input, PROVIDERS)).toBe(input);
    expect(provisionalPipeline(pipeline)).toBe(pipeline);
  });
}

const EXPECTED = ['good', 'spec_invalid', 'spec_has_secret'];

test(
  'a mutated good file is accepted or its errors have lines',
  () => {
    fc.assert(
      fc.property(mutations, (changes) => {
        expect(EXPECTED).toContain(checkText(mutated(FULL, changes)));
      }),
      fuzzing(400),
    );
  },
  FUZZ_LIMIT_MS,
);

/** Pieces of YAML that mean something. */
const YAML_PIECES = [
  ...[
    '&a ',
    '*a',
    '&a [*a]',
    '<<: *a\n',
    '<<: {a: 1}\n',
    '!!binary ',
    '!!js/function ',
    '!x ',
    '!!set ',
  ],
  ...[
    '---\n',
    '...\n',
    '%YAML 1.1\n',
    '%TAG ! x\n',
    '? ',
    ': ',
    '- ',
    '-\t',
    '\t',
    '|\n',
    '>-\n  x\n',
  ],
  ...[
    '{',
    '}',
    '[',
    ']',
    ',',
    '"',
    "'",
    '#',
    '\n',
    '\r\n',
    '\r',
    '\u0085',
    '\u2028',
    '\ufeff',
    '\u0000',
  ],
  ...[
    '__proto__: 1\n',
    'constructor: {prototype: {x: 1}}\n',
    '? [a]\n: 1\n',
    '"\\ud800"',
    '"\\x00"',
  ],
  ...[
    '.inf',
    '.nan',
    '0o17',
    '0x1f',
    '1_000',
    '2026-01-01',
    'yes',
    '~',
    'name: x\n',
    '\ud800',
    '\u202e',
  ],
] as const;

const edits = fc.array(
  fc.record({
    at: fc.nat({ max: 5_000 }),
    cut: fc.nat({ max: 30 }),
    put: fc.oneof(fc.constantFrom(...YAML_PIECES), fc.string({ unit: 'binary', maxLength: 10 })),
  }),
  { minLength: 1, maxLength: 5 },
);

test(
  'YAML with pieces cut out and put in is accepted or its errors have lines',
  () => {
    fc.assert(
      fc.property(fc.constantFrom(GOOD, EXAMPLE), edits, (base, changes) => {
        const text = changes.reduce((before, { at, cut, put }) => {
          const from = at % (before.length + 1);
          return before.slice(0, from) + put + before.slice(from + cut);
        }, base);
        expect(EXPECTED).toContain(checkText(text));
      }),
      fuzzing(400),
    );
  },
  FUZZ_LIMIT_MS,
);

test(
  'a file of any bytes is refused with a place',
  async () => {
    const path = join(folder, 'bytes.yaml');
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.string({ unit: 'binary' }).map((text) => Buffer.from(text, 'utf16le')),
      fc
        .constantFrom('', '\ufeff', ' \n', 'null', '[]', '1', '"x"', '--- {}\n')
        .map((text) => Buffer.from(text)),
    );
    await fc.assert(
      fc.asyncProperty(bytes, async (content) => {
        await writeFile(path, content);
        await expect(loadPipeline(path, { env: {} })).rejects.toMatchObject({
          code: 'spec_invalid',
        });
      }),
      fuzzing(200),
    );
  },
  FUZZ_LIMIT_MS,
);

const BOMB_CHARACTERS = 200_000 * Math.min(5, FUZZ_TIMES);
const filled = (piece: string): string => piece.repeat(Math.floor(BOMB_CHARACTERS / piece.length));

/** Much of what makes parsers slow, deep or large. */
const BOMBS: [string, string][] = [
  ['brackets', filled('[')],
  ['brackets with spaces between', filled('[  ')],
  ['a bracket and a long space', `[${' '.repeat(5_000)}`.repeat(199)],
  ['braces with keys', filled('{a: ')],
  ['dashes', filled('- ')],
  ['question marks', filled('? ')],
  [
    'ever deeper indentation',
    Array.from({ length: 1_300 }, (_, n) => `${' '.repeat(n)}a:`).join('\n'),
  ],
  ['anchors', filled('- &a x\n')],
  ['aliases', `a: &a x\nb: [${filled('*a, ')}x]`],
  ['aliases of a large list', `a: &a [${'1,'.repeat(200_000)}1]\nb: [${'*a,'.repeat(99)}1]`],
  [
    'aliases of aliases (a billion laughs)',
    ['a: &a [x,x,x,x,x,x,x,x,x]']
      .concat(
        'bcdefghi'.split('').map((key, n) => {
          const before = `*${'abcdefghi'[n]}`;
          return `${key}: &${key} [${Array.from({ length: 9 }, () => before).join(',')}]`;
        }),
      )
      .join('\n'),
  ],
  [
    'aliases of a large list as rows',
    GOOD.replace(
      'rows: { from: companies.csv }',
      `rows:\n  inline:\n    - &a { input: x, b: [${'1,'.repeat(100_000)}1] }\n${'    - *a\n'.repeat(99)}`,
    ),
  ],
  ['an anchor in itself', 'a: &a [*a]\n'],
  [
    'rows that hold themselves',
    GOOD.replace('{ from: companies.csv }', '{ inline: &a [{ input: *a }] }'),
  ],
  ['one key a hundred thousand times', filled('a: 1\n')],
  ['different keys', Array.from({ length: BOMB_CHARACTERS / 11 }, (_, n) => `k${n}: 1`).join('\n')],
  [
    'keys that are nearly right',
    Array.from({ length: BOMB_CHARACTERS / 11 }, (_, n) => `resul${n}: 1`).join('\n'),
  ],
  ['one long key', `${filled('resultx')}: 1`],
  ['one long text', `name: ${filled('x')}`],
  ['mentions of columns that are not there', GOOD.replace('Sector of', filled('{nobody} '))],
  ['merges', `a: &a {b: 1}\n${'c:\n  <<: *a\n'.repeat(90)}`],
  ['comments', filled('# x\n')],
  ['quotes', filled('"')],
  ['backslashes in quotes', `"${filled('\\\\')}`],
  ['tags', filled('!x ')],
  ['documents', filled('---\n')],
];

test.each(BOMBS)(
  'a lot of %s is refused soon',
  (_, text) => {
    expect(['spec_invalid', 'spec_has_secret']).toContain(checkText(text));
  },
  FUZZ_LIMIT_MS,
);

import { expect, test } from '@jest/globals';
import { SpecError } from '../../src/spec/index.ts';
import { GOOD, parse, withLine } from './pipeline-text.ts';

function refusal(text: string, env: Record<string, string> = {}): SpecError {
  try {
    parse(text, { env });
  } catch (error) {
    if (error instanceof SpecError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

const escaped = (letter: string): string =>
  `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`;

test.each([
  ['a bearer header', 'Authorization: Bearer abcdefghij0123456789', 'abcdefghij0123456789'],
  ['a bearer in a prompt', 'x: "curl -H bearer abcd-efgh_1234.5678"', 'abcd-efgh_1234.5678'],
  ['an API key', 'x: sk-proj-abcdefgh12345678', 'sk-proj-abcdefgh12345678'],
  ['a PromptLayer key', 'x: pl_0123456789abcdef0123', 'pl_0123456789abcdef0123'],
  ['a hex value under a telling name', 'api_key: "0123456789abcdef0123456789"', '0123456789abcdef'],
  [
    'a base64 value under a telling name',
    'token: QWxhZGRpbjpvcGVuIHNlc2FtZQ1==',
    'QWxhZGRpbjpvcGVu',
  ],
  ['a bare PromptLayer header', 'X-API-KEY: abcdefghijkl-mnop', 'abcdefghijkl-mnop'],
  ['a Basic header', 'x: "Basic dXNlcjpwYXNzd29yZDEyMw=="', 'dXNlcjpwYXNzd29yZDEyMw'],
  ['an address with a password', 'x: https://me:hunter2two@files.example/a.csv', 'hunter2two'],
  ['a database with a password', 'x: "postgres://rowmill:correct-horse@db/rows"', 'correct-horse'],
  [
    'an address with a token',
    'x: https://files.example/a.csv?api_key=abcd1234efgh5678',
    'abcd1234efgh5678',
  ],
  ['a comment', '# token = abcdefgh12345678abcd', 'abcdefgh12345678abcd'],
  ['JSON in YAML', 'x: {"api-key": "abcdefgh12345678abcd"}', 'abcdefgh12345678abcd'],
])('%s is refused without being repeated', (_, line, secret) => {
  const error = refusal(`${GOOD}${line}\n`);
  expect(error.code).toBe('spec_has_secret');
  expect(error.issues).toHaveLength(1);
  expect(error.issues[0]?.line).toBe(GOOD.split('\n').length);
  expect(JSON.stringify([error.message, error.issues, error.stack])).not.toContain(secret);
});

test.each([
  ['rows.from', 'from: companies.csv', 'from: "https://u:pass-word@h.example/a.csv"'],
  ['results.to', 'to: out/demo.jsonl', 'to: "s3://key:pass-word@bucket/a.jsonl"'],
])('an address with a password in %s is named by its line', (_, from, to) => {
  const error = refusal(withLine(from, to));
  expect(error.code).toBe('spec_has_secret');
  expect(error.issues[0]?.line).toBe(GOOD.split('\n').findIndex((line) => line.includes(from)) + 1);
  expect(error.message).not.toContain('pass-word');
});

const VALUE = 'Zm9v/+bar_8c1d=x';

test.each([
  ['as it is', VALUE],
  ['URL-encoded', encodeURIComponent(VALUE)],
  ['as base64', Buffer.from(VALUE).toString('base64')],
  ['with escaped slashes, as some JSON writers do', VALUE.replaceAll('/', '\\/')],
  ['with escapes of every letter', VALUE.replace(/./g, escaped)],
])('the configured token is found %s', (_, written) => {
  const error = refusal(GOOD.replace('Sector of', `${written} Sector of`), {
    EXTRUCT_API_TOKEN: VALUE,
  });
  expect(error.code).toBe('spec_has_secret');
  expect(error.issues[0]).toMatchObject({ line: 8, found: 'the value of EXTRUCT_API_TOKEN' });
  expect(JSON.stringify([error.message, error.issues, error.stack])).not.toContain(VALUE);
});

test('a shape hidden by escapes is found in the value', () => {
  const hidden = 'sk-proj-abcdefgh12345678'.replace(/./g, escaped);
  expect(refusal(GOOD.replace('Sector of', hidden)).code).toBe('spec_has_secret');
});

test.each(['EXTRUCT_API_TOKEN', 'PROMPTLAYER_API_KEY', 'TEMPORAL_API_KEY'])(
  'the value of %s is found wherever it stands, even in a broken file',
  (variable) => {
    const secret = 'plain-words-only';
    const error = refusal(`name: [\n# ${secret}\n`, { [variable]: secret });
    expect(error.code).toBe('spec_has_secret');
    expect(error.message).toContain(`p.yaml:2:3  the value of ${variable}`);
    expect(error.message).not.toContain(secret);
  },
);

test.each([
  'x: the token of appreciation is not a secret',
  'x: bearer of bad news',
  'x: ask-me-anything-about-sk-learn',
  'x: "{company_name} password-manager vendors"',
  'x: task-management-software-2024',
  'x: Basic telecommunications of 2024',
  'x: https://example.com:8080/@team?page=2&key=name',
  'x: "Mail https://{company_website} or sales@example.com"',
])('ordinary words are no secrets: %s', (line) => {
  expect(refusal(`${GOOD}${line}\n`).code).toBe('spec_invalid');
});

test('a short or contained value is not taken for the token', () => {
  expect(() => parse(GOOD, { env: { EXTRUCT_API_TOKEN: 'demo' } })).not.toThrow();
  expect(() => parse(GOOD, { env: { EXTRUCT_API_TOKEN: 'ompanies' } })).not.toThrow();
});

test.each([
  'sk-',
  'bearer ',
  'token:',
  'eyJaaaaaaaa.',
  '-----BEGIN ',
  'token: aaaaaaaaaaaaaaaaaaaa',
])('a megabyte of %j is searched in no time to speak of', (piece) => {
  // Quadratic patterns would take minutes here.
  const text = `x: "${piece.repeat(Math.floor(1_000_000 / piece.length))}"`;
  expect(refusal(text).issues.length).toBeGreaterThan(0);
});

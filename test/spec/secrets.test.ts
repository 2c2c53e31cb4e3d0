import { expect, test } from '@jest/globals';
import { SpecError } from '../../src/spec/index.ts';
import { GOOD, parse } from './pipeline-text.ts';

function refusal(text: string, env: Record<string, string> = {}): SpecError {
  try {
    parse(text, { env });
  } catch (error) {
    if (error instanceof SpecError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

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
  ['a comment', '# token = abcdefgh12345678abcd', 'abcdefgh12345678abcd'],
  ['JSON in YAML', 'x: {"api-key": "abcdefgh12345678abcd"}', 'abcdefgh12345678abcd'],
])('%s is refused without being repeated', (_, line, secret) => {
  const error = refusal(`${GOOD}${line}\n`);
  expect(error.code).toBe('spec_has_secret');
  expect(error.issues).toHaveLength(1);
  expect(error.issues[0]?.line).toBe(GOOD.split('\n').length);
  expect(JSON.stringify([error.message, error.issues, error.stack])).not.toContain(secret);
});

test.each(['EXTRUCT_API_TOKEN', 'PROMPTLAYER_API_KEY'])(
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

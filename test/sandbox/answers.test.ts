import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startSandbox, type Sandbox } from '../../sandbox/index.ts';
import { agent, PITCH, SECTOR } from './caller.ts';

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await startSandbox({ token: 't' });
});
afterAll(() => sandbox.close());

const ask = (prompt: string, input = '3M', value: object = {}): unknown =>
  sandbox.truth('company', input, agent('a', prompt, value)).answer;

test.each([
  ['Which GICS sector is {company_name} in?', 'Industrials'],
  ['Name the GICS sub-industry of {company_name}.', 'Industrial Conglomerates'],
  ['Where are the headquarters of {company_name} ({company_website})?', 'Saint Paul, Minnesota'],
  ['In which city is {company_name} headquartered?', 'Saint Paul'],
  ['In which state or country is {company_name} headquartered?', 'Minnesota'],
  ['When was {company_name} founded?', '1902'],
  ['Stock ticker of {company_name}', 'MMM'],
  ['CIK of {company_name}', '66740'],
  ['Date added to the S&P 500', '1957-03-04'],
])('%s', (prompt, answer) => {
  expect(ask(prompt)).toBe(answer);
});

test('a company is found by name, ticker or domain, in any case', () => {
  for (const input of ['3M', 'mmm', 'https://www.3m.com/about', '3m.com']) {
    expect(ask('Which sector?', input)).toBe('Industrials');
  }
});

test('an unknown company gets stable, visibly synthetic answers', () => {
  expect(ask('Which sector?', 'Zzz Ltd')).toMatch(/^Example Industries sector \d+$/);
  expect(ask('Which sector?', 'Zzz Ltd')).toBe(ask('Which sector?', 'Zzz Ltd'));
});

test.each<[string, object, unknown]>([
  ['When was it founded?', { output_format: 'number' }, 1902],
  ['When was it founded?', { output_format: 'date' }, '1902-01-01'],
  ['Date added', { output_format: 'date' }, '1957-03-04'],
  ['Which sector?', { output_format: 'select', labels: ['Energy', 'industrials'] }, 'industrials'],
  ['Big?', { output_format: 'select', labels: ['yes'] }, 'yes'],
  ['Website?', { output_format: 'url' }, 'https://www.3m.example'],
  ['Mail?', { output_format: 'email' }, 'info@3m.example'],
  ['Phone?', { output_format: 'phone' }, expect.stringMatching(/^\+1-555-01\d\d$/)],
  ['Grade it', { output_format: 'grade' }, expect.any(Number)],
  ['Revenue?', { output_format: 'money' }, expect.any(Number)],
  [
    'All about it',
    {
      output_format: 'json',
      output_schema: {
        type: 'object',
        properties: {
          sector: { type: 'string' },
          city: { type: 'string' },
          staff: { type: 'integer' },
        },
      },
    },
    { sector: 'Industrials', city: 'Saint Paul', staff: expect.any(Number) },
  ],
])('%s as %j', (prompt, value, answer) => {
  expect(ask(prompt, '3M', value)).toEqual(answer);
});

test('prose names the company and the answers it builds on', () => {
  const { answer } = sandbox.truth('company', '3M', PITCH, [SECTOR, PITCH]);
  expect(answer).toEqual(expect.stringContaining('3M'));
  expect(answer).toEqual(expect.stringContaining('sector: Industrials'));
});

test('about one in a hundred prose answers finds nothing', () => {
  const nothing = (prompt: string): number =>
    Array.from({ length: 3_000 }, (_, at) => ask(prompt, `C${at}`)).filter((one) => one === null)
      .length;
  expect(nothing('Describe {company_name}')).toBeGreaterThan(5);
  expect(nothing('Describe {company_name}')).toBeLessThan(90);
  expect(nothing('Which sector?')).toBe(0);
});

test('failures come at their rates', () => {
  const fates = Array.from({ length: 5_000 }, (_, at) =>
    sandbox.truth('company', `C${at}`, SECTOR),
  );
  const shareOf = (key: 'alwaysFails' | 'firstTryFails'): number =>
    fates.filter((fate) => fate[key]).length / fates.length;
  expect(shareOf('firstTryFails')).toBeCloseTo(0.04, 2);
  expect(shareOf('alwaysFails')).toBeCloseTo(0.004, 2);
  expect(shareOf('alwaysFails')).toBeGreaterThan(0);
});

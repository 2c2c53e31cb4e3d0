import { expect, test } from '@jest/globals';
import { readPipeline, type PipelineSource } from '../../src/client/pipelines/read.ts';
import { SpecError } from '../../src/spec/index.ts';

/** Megabytes of anything are refused in seconds: each of these took minutes, or all of the memory. */

const many = (count: number, text: (at: number) => string): string[] =>
  Array.from({ length: count }, (_, at) => text(at));

const object = (changes: Record<string, unknown> = {}) => ({
  name: 'hostile',
  provider: 'extruct',
  table: {
    columns: [{ kind: 'agent', key: 'a', name: 'A', value: { prompt: 'Who?' } }],
  },
  rows: { inline: [{ input: '3M' }] },
  results: [{ to: 'a.jsonl' }],
  ...changes,
});

const withPrompt = (prompt: string) =>
  object({ table: { columns: [{ kind: 'agent', key: 'a', name: 'A', value: { prompt } }] } });

const promptLayer = (columns: unknown[]) =>
  object({
    provider: 'promptlayer',
    table: { columns: [{ title: 'in', type: 'TEXT' }, ...columns] },
  });

const inlineTemplate = (text: string, format: string, mappings: Record<string, string> = {}) =>
  promptLayer([
    {
      title: 'out',
      type: 'PROMPT_TEMPLATE',
      config: {
        inline_template: { inline: true, template_format: format, prompt_template: { text } },
        prompt_template_variable_mappings: mappings,
      },
    },
  ]);

const nested = (levels: number): unknown => {
  let value: unknown = 1;
  for (let at = 0; at < levels; at += 1) value = [value];
  return value;
};

const circles = (count: number) =>
  many(count, String).map((at) => ({
    kind: 'agent',
    key: `k${at}`,
    name: at,
    value: { prompt: many(count, (other) => `{k${other}}`).join('') },
  }));

const readsAll = (count: number) =>
  many(count, String).map((at) => ({
    title: `t${at}`,
    type: 'COMBINE_COLUMNS',
    config: { sources: many(count, (other) => `t${other}`).filter((title) => title !== `t${at}`) },
  }));

const CASES: [string, unknown][] = [
  ['60,000 mentions of nothing', withPrompt(many(60_000, (at) => `{m${at}}`).join(' '))],
  [
    '60,000 mentions of f-strings',
    inlineTemplate(many(60_000, (at) => `{m${at}}`).join(' '), 'f-string'),
  ],
  [
    '60,000 mentions of Jinja',
    inlineTemplate(many(60_000, (at) => `{{m${at}}}`).join(' '), 'jinja2'),
  ],
  [
    'expressions without an end',
    { ...inlineTemplate(`${'{{ '.repeat(300_000)}{#`, 'jinja2'), results: [] },
  ],
  ['comments without an end', inlineTemplate(`${'{# '.repeat(300_000)}{{a}}`, 'jinja2')],
  [
    'a time zone of 0.9 MB',
    object({ schedule: { at: '02:30', timezone: 'Europe/'.repeat(130_000) } }),
  ],
  [
    '50,000 unknown keys',
    object(Object.fromEntries(many(50_000, (at) => `k${at}`).map((key) => [key, 1]))),
  ],
  [
    '50,000 mapped columns that are none',
    object({
      rows: {
        inline: [],
        map: Object.fromEntries(many(50_000, (at) => `m${at}`).map((key) => [key, 'x'])),
      },
    }),
  ],
  ['60 columns that name each other', object({ table: { columns: circles(60) } })],
  ['300 columns that read each other', promptLayer(readsAll(300).slice(0, 250))],
  ['lists in lists in lists', object({ run: nested(20_000) })],
  ['500,000 numbers', object({ run: Array.from({ length: 500_000 }, () => 1) })],
  ['a key of 0.9 MB', object({ ['k'.repeat(900_000)]: 1 })],
  ['a file of YAML lists', { text: 'name: [[1,1],'.concat('[1,1],'.repeat(160_000), ']') }],
  ['a file of dashes', { text: 'name:\n'.concat('- 1\n'.repeat(250_000)) }],
  ['a file of keys', { text: many(60_000, (at) => `k${at}: 1`).join('\n') }],
  ['a text of 2 MiB', { text: `name: ${'x'.repeat(2 * 1024 * 1024)}` }],
];

test.each(CASES)('%s are mistakes like any other', async (_name, source) => {
  // Whatever a caller sends.
  const read = readPipeline(source as PipelineSource, { env: {} });
  const error = await read.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(SpecError);
  const { issues, message } = error as SpecError;
  expect(issues.length).toBeGreaterThan(0);
  expect(issues.length).toBeLessThanOrEqual(500);
  expect(message.length).toBeLessThan(200_000);
  expect(JSON.stringify(issues).length).toBeLessThan(2_000_000);
});

test('each issue of an object is reported once, without a line', async () => {
  const wrong = object({
    colour: 'red',
    spend: { maxCredits: -1 },
    run: { maxPollInterval: '1ms' },
  });
  const error = await readPipeline(wrong as PipelineSource, { env: {} }).catch(
    (thrown: unknown) => thrown,
  );
  expect(error).toMatchObject({ code: 'spec_invalid' });
  const paths = (error as SpecError).issues.map(({ path, line }) => [path, line]);
  expect(new Set(paths.map(([path]) => path)).size).toBe(paths.length);
  expect(paths).toEqual(
    expect.arrayContaining([
      ['colour', null],
      ['spend.maxCredits', null],
    ]),
  );
});

import { expect, test } from '@jest/globals';
import { answerSchemas } from '../../src/answers/answer-schemas.ts';
import { rowTyper } from '../../src/answers/typed-rows.ts';
import type { JsonObject } from '../../src/contract/json.ts';
import { extructSpec } from '../../src/providers/extruct/spec.ts';
import { promptLayerSpec } from '../../src/providers/promptlayer/spec.ts';
import { Missing, resultRow } from '../sinks/result-row.ts';

const agent = (key: string, value: JsonObject): JsonObject => ({
  kind: 'agent',
  key,
  name: key,
  value: { prompt: 'What?', ...value },
});
const extruct = (...columns: JsonObject[]) =>
  answerSchemas(extructSpec, { table: { tags: [], columns } });

test('the type of an answer follows from output format, labels and schema of Extruct', () => {
  const schema = { type: 'object', properties: { ceo: { type: 'string' } } };
  const schemas = extruct(
    agent('plain', {}),
    agent('revenue', { output_format: 'money' }),
    agent('sector', { output_format: 'select', labels: ['Energy', 'Materials'] }),
    agent('tags', { output_format: 'multiselect', labels: ['a', 'b'] }),
    agent('board', { output_format: 'json', output_schema: schema }),
    agent('grade', { output_format: 'grade' }),
    { kind: 'email_finder', key: 'mail', name: 'Mail' },
  );
  expect({ ...schemas }).toEqual({
    plain: { type: 'string' },
    revenue: { type: 'number' },
    sector: { type: 'string', enum: ['Energy', 'Materials'] },
    tags: { type: 'array', items: { type: 'string', enum: ['a', 'b'] } },
    board: schema,
  });
});

test.each([
  ['engine', { engine: settings() }],
  ['template', { inline_template: { inline: true, metadata: { model: settings() } } }],
])('the output schema of a PromptLayer prompt is found in its %s', (_where, config) => {
  const columns: JsonObject[] = [{ title: 'CEO', type: 'PROMPT_TEMPLATE', config }];
  const schemas = answerSchemas(promptLayerSpec, { table: { tags: [], columns } });
  expect({ ...schemas }).toEqual({ CEO: { type: 'object', required: ['name'] } });
});

function settings(): JsonObject {
  const json_schema = { name: 'ceo', schema: { type: 'object', required: ['name'] } };
  return { parameters: { response_format: { type: 'json_schema', json_schema } } };
}

test('the types of the file replace those of the columns, of any name', () => {
  const columns = [agent('constructor', {}), agent('revenue', { output_format: 'text' })];
  const types = { revenue: 'integer' } as const;
  const schemas = answerSchemas(extructSpec, { table: { tags: [], columns }, types });
  expect({ ...schemas }).toEqual({
    constructor: { type: 'string' },
    revenue: { type: 'integer' },
  });
});

const row = resultRow('MMM', {}, { revenue: 'n/a', staff: '1200', site: new Missing('failed') });
const SCHEMAS = {
  revenue: { type: 'number' },
  staff: { type: 'number' },
  site: { type: 'string' },
};

test('an answer of another type becomes null with status invalid', () => {
  const { row: typed, invalid } = rowTyper(SCHEMAS, 'check')(row);
  expect(typed.cells).toEqual({
    revenue: { status: 'invalid', value: null },
    staff: { status: 'invalid', value: null },
    site: { status: 'failed', value: null },
  });
  expect(invalid.map(({ column, answer }) => [column, answer])).toEqual([
    ['revenue', 'n/a'],
    ['staff', '1200'],
  ]);
});

test('coerce converts what is unambiguous', () => {
  const coerced = rowTyper(SCHEMAS, 'coerce')(row);
  expect(coerced.row.cells).toMatchObject({ staff: { status: 'done', value: 1200 } });
  expect(coerced.invalid).toHaveLength(1);
});

test('off leaves every answer as it is', () => {
  expect(rowTyper(SCHEMAS, 'off')(row)).toEqual({ row, invalid: [] });
});

test('a row with an invalid answer is not complete', () => {
  const whole = resultRow('MMM', {}, { revenue: 'n/a' });
  expect(whole.complete).toBe(true);
  expect(rowTyper(SCHEMAS, 'check')(whole).row.complete).toBe(false);
});

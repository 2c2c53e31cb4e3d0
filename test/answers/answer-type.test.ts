import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { answerType } from '../../src/answers/answer-type.ts';
import type { Json, JsonObject } from '../../src/contract/json.ts';

const NUMBER: JsonObject = { type: 'number' };
const LABEL: JsonObject = { type: 'string', enum: ['Energy', 'Utilities'] };
const CEO: JsonObject = {
  type: 'object',
  properties: { name: { type: 'string' }, age: { type: 'integer' } },
  required: ['name'],
};
const INVALID = expect.objectContaining({ problem: expect.any(String) });

test.each<[JsonObject, Json]>([
  [NUMBER, 5],
  [NUMBER, 0.1],
  [{ type: 'integer' }, 5],
  [LABEL, 'Energy'],
  [{ type: 'array', items: LABEL }, ['Energy']],
  [CEO, { name: 'Ada', since: 2020 }],
  [{}, { any: 'thing' }],
  [{ type: ['number', 'null'] }, 7],
])('%j takes %j', (schema, answer) => {
  expect(answerType(schema).of(answer, false)).toEqual({ value: answer });
});

test.each<[JsonObject, Json]>([
  [NUMBER, '5'],
  [{ type: 'integer' }, 5.5],
  [LABEL, 'energy'],
  [{ type: 'array', items: LABEL }, ['Mining']],
  [CEO, { age: 50 }],
  [{ required: ['name'] }, {}],
  [{ properties: { age: NUMBER } }, { age: 'old' }],
  [{ type: 'string' }, 5],
])('%j does not take %j', (schema, answer) => {
  expect(answerType(schema).of(answer, false)).toEqual(INVALID);
});

test.each<[JsonObject, string, Json]>([
  [NUMBER, ' 12 ', 12],
  [NUMBER, '-1.50', -1.5],
  [NUMBER, '1e3', 1000],
  [NUMBER, '1,234,567', 1_234_567],
  [NUMBER, '1,234.5', 1234.5],
  [{ type: 'integer' }, '12.0', 12],
  [{ type: 'boolean' }, 'Yes', true],
  [LABEL, ' energy', 'Energy'],
  [CEO, '{"name":"Ada"}', { name: 'Ada' }],
  [{ type: 'array' }, '[1]', [1]],
])('%j coerces the text %j to %j', (schema, answer, value) => {
  expect(answerType(schema).of(answer, true)).toEqual({ value });
});

test.each<[JsonObject, Json]>([
  [NUMBER, '1,234'],
  [NUMBER, '1.234.567'],
  [NUMBER, '12 %'],
  [NUMBER, '$5'],
  [NUMBER, ''],
  [NUMBER, '12345678901234567890'],
  [NUMBER, true],
  [{ type: 'boolean' }, 1],
  [{ type: 'boolean' }, 'y'],
  [{ type: 'integer' }, '5.5'],
  [LABEL, 'Energy, Utilities'],
  [{ type: 'array' }, 'a, b'],
  [{ type: 'string' }, ['a']],
])('%j never coerces the ambiguous %j', (schema, answer) => {
  expect(answerType(schema).of(answer, true)).toEqual(INVALID);
});

test.each<[JsonObject, Json]>([
  [{ type: 'boolean', enum: ['yes', 'no'] }, 'yes'],
  [{ type: 'integer', enum: [1e21] }, 1e21],
  [{ type: ['integer', 'null'], const: 'many' }, 'many'],
  [{ type: 'number', $ref: '#/$defs/a', $defs: { a: { type: 'string' } } }, 'many'],
])('%j never takes %j, which is of another type than it names', (schema, answer) => {
  expect(answerType(schema).of(answer, false)).toEqual(INVALID);
  expect(answerType(schema).of(answer, true)).toEqual(INVALID);
});

test('a number with too many digits in a list that came as text keeps them as text', () => {
  expect(answerType({ type: 'array' }).of('[9007199254740993]', true)).toEqual({
    value: ['9007199254740993'],
  });
});

test('half a character in a list that came as text becomes U+FFFD', () => {
  expect(answerType({ type: 'array' }).of(String.raw`["a\ud800"]`, true)).toEqual({
    value: ['a\uFFFD'],
  });
});

test('a list that came as text is invalid where it is nested too deeply to be written', () => {
  const text = '['.repeat(5_000) + ']'.repeat(5_000);
  expect(answerType({ type: 'array' }).of(text, true)).toEqual(INVALID);
});

test('a pattern in a schema is not run', () => {
  const schema = {
    type: 'object',
    properties: { pattern: { type: 'string', pattern: '^(a+)+$' } },
  };
  const answer = { pattern: `${'a'.repeat(40)}!` };
  expect(answerType(schema).of(answer, false)).toEqual({ value: answer });
});

test('of a schema with keywords that are not known, the type is checked', () => {
  const schema = { type: 'number', if: { minimum: 5 }, then: { multipleOf: 5 } };
  expect(answerType(schema).of(7, false)).toEqual({ value: 7 });
  expect(answerType(schema).of('7', false)).toEqual(INVALID);
  expect(answerType({ type: 'a word' }).of('7', false)).toEqual({ value: '7' });
});

/** `default` is a keyword that changes no verdict. */
test.each<JsonObject>([
  { type: 'string' },
  { type: 'boolean' },
  NUMBER,
  { type: 'integer' },
  LABEL,
  { enum: ['Energy', 7, null] },
  { type: 'integer', enum: ['7', 7] },
])('%j gives the verdicts of the general validator', (schema) => {
  const [plain, general] = [answerType(schema), answerType({ ...schema, default: null })];
  const label = fc.constantFrom<Json>('Energy', 'energy', '7', 7, 2 ** 53, -0, 1e308);
  const answer = fc.oneof(label, fc.jsonValue() as fc.Arbitrary<Json>);
  fc.assert(
    fc.property(answer, fc.boolean(), (one, coerce) => {
      expect(plain.of(one, coerce)).toEqual(general.of(one, coerce));
    }),
  );
});

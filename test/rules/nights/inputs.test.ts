import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Json } from '../../../src/contract/json.ts';
import {
  changedInputs,
  columnsReading,
  inputsText,
  inputText,
} from '../../../src/rules/nights/inputs.ts';

test.each<[Json | undefined, Json | undefined]>([
  [undefined, null],
  ['', null],
  [12, '12'],
  [true, 'true'],
  [
    { a: 1, b: [{ d: 2, c: 3 }] },
    { b: [{ c: 3, d: 2 }], a: 1 },
  ],
])('%j is the same input as %j', (one, other) => {
  expect(inputText(one)).toBe(inputText(other));
});

test.each<[Json, Json]>([
  [
    [1, 2],
    [2, 1],
  ],
  ['3M', '3m'],
  ['3M', '3M '],
  [0, null],
  [{}, null],
])('%j is another input than %j', (one, other) => {
  expect(inputText(one)).not.toBe(inputText(other));
});

test('the columns that changed are named, whatever they are called', () => {
  const before = JSON.parse('{"b":1,"__proto__":"x","gone":"y","same":null}') as Record<
    string,
    Json
  >;
  const after = JSON.parse('{"__proto__":"z","b":"1","a":[1],"constructor":5}') as typeof before;
  expect(changedInputs(before, after)).toEqual(['__proto__', 'a', 'constructor', 'gone']);
});

const inputs = fc.dictionary(
  fc.constantFrom('a', 'b', 'c'),
  fc.oneof(
    fc.constantFrom<Json>('', null, 1, '1', 'x'),
    fc.jsonValue({ maxDepth: 2 }) as fc.Arbitrary<Json>,
  ),
);

test('one text for all inputs is equal where no input changed', () => {
  fc.assert(
    fc.property(inputs, inputs, (one, other) => {
      const isSame = changedInputs(one, other).length === 0;
      expect(inputsText(one) === inputsText(other)).toBe(isSame);
      expect(changedInputs(one, one)).toEqual([]);
    }),
  );
});

test('a changed input reaches all columns downstream', () => {
  const column = (key: string, dependsOn: string[], reads?: string[]) =>
    reads === undefined
      ? { key, input: false, dependsOn }
      : { key, input: false, dependsOn, reads };
  const columns = [
    { key: 'input', input: true, dependsOn: [] },
    { key: 'hint', input: true, dependsOn: [] },
    column('pitch', ['sector'], ['hint']),
    column('sector', ['profile'], []),
    column('profile', ['input'], []),
    column('city', [], ['input']),
    column('code', []),
  ];
  const reached = (...keys: string[]) => [...columnsReading(columns, new Set(keys))].sort();
  expect(reached('hint')).toEqual(['code', 'pitch']);
  expect(reached('input')).toEqual(['city', 'code', 'pitch', 'profile', 'sector']);
  expect(reached()).toEqual([]);
});

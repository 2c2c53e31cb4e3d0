import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Json } from '../../src/contract/json.ts';
import {
  changeOf,
  changeRules,
  normalised,
  type Answers,
} from '../../src/rules/answers/changes.ts';

const compare = (
  before: Answers | null,
  after: Answers | null,
  policy: Parameters<typeof changeRules>[1] = {},
) => changeOf('K', before, after, changeRules(['sector', 'employees', 'news'], policy));

test('a row that is not there before is new, with the answers it has', () => {
  expect(compare(null, { sector: 'Energy' })).toEqual({
    key: 'K',
    change: 'new',
    columns: { sector: { from: null, to: 'Energy' } },
  });
  expect(compare(null, {})).toMatchObject({ change: 'new', columns: {} });
});

test('a row that has gone has vanished', () => {
  expect(compare({ sector: 'Energy' }, null)).toMatchObject({
    change: 'vanished',
    columns: { sector: { from: 'Energy', to: null } },
  });
});

test('an answer that is no longer there is lost, whatever else changed in the row', () => {
  const change = compare({ sector: 'Energy', employees: 1 }, { employees: 2 });
  expect(change).toMatchObject({
    change: 'lost',
    columns: { sector: { from: 'Energy', to: null }, employees: { from: 1, to: 2 } },
  });
});

test('an answer where there was none is a change', () => {
  expect(compare({}, { employees: 0 })).toMatchObject({
    change: 'changed',
    columns: { employees: { from: null, to: 0 } },
  });
});

test('only columns of the pipeline that are not ignored are compared', () => {
  const policy = { ignore: ['news'] };
  expect(compare({ news: 'a', gone: 1 }, { news: 'b' }, policy)).toBeNull();
  expect(compare(null, { news: 'b' }, policy)).toMatchObject({ columns: {} });
});

test.each([
  [100, 105, null],
  [100, 95, null],
  [100, 106, 'changed'],
  ['100', '104', null],
  ['about 100', 'about 101', 'changed'],
  [0, 1, 'changed'],
  [-100, -104, null],
  [100, null, 'lost'],
])('within a tolerance of 5 %%, %p to %p is %p', (from, to, change) => {
  const policy = { tolerance: { employees: 0.05 } };
  const found = compare({ employees: from }, { employees: to }, policy);
  expect(found?.change ?? null).toBe(change);
});

test.each([
  ['3M Co.', '3m co'],
  ['state-of-the-art', 'State of the art'],
  ['U.S.', 'US'],
  [' a  b ', 'a b'],
  ['founded in 1902.', 'Founded in 1902'],
  ['ﬁne', 'FINE'],
])('%p and %p are one text, normalised', (from, to) => {
  expect(normalised(from)).toBe(normalised(to));
  const policy = { text: 'normalised' } as const;
  expect(compare({ sector: [from] }, { sector: [to] }, policy)).toBeNull();
  expect(compare({ sector: from }, { sector: to })).not.toBeNull();
});

test.each([
  ['1.5', '15'],
  ['-5', '5'],
  ['down -5', 'down 5'],
  ['1 5', '15'],
  ['.5', '5'],
  ['5%', '5'],
  ['C#', 'C'],
  ['$5', '5'],
])('%p and %p are two texts, normalised', (from, to) => {
  expect(normalised(from)).not.toBe(normalised(to));
});

test('only the order in a list is a change', () => {
  expect(compare({ sector: { a: 1, b: [2] } }, { sector: { b: [2], a: 1 } })).toBeNull();
  expect(compare({ sector: [1, 2] }, { sector: [2, 1] })).not.toBeNull();
  expect(compare({ sector: [1] }, { sector: { 0: 1 } })).not.toBeNull();
});

test('a column may have any name', () => {
  const rules = changeRules(['__proto__', 'constructor']);
  const after = JSON.parse('{"__proto__":1,"constructor":2}') as Answers;
  const change = changeOf('K', {}, after, rules);
  expect(JSON.parse(JSON.stringify(change?.columns))).toEqual(
    JSON.parse('{"__proto__":{"from":null,"to":1},"constructor":{"from":null,"to":2}}'),
  );
});

const answer = fc.jsonValue({ maxDepth: 2 }) as fc.Arbitrary<Json>;

test('a change leads from the old answers to the new ones', () => {
  const columns = ['a', 'b', '__proto__'];
  const answers = fc.dictionary(fc.constantFrom(...columns), answer, { noNullPrototype: false });
  fc.assert(
    fc.property(answers, answers, fc.boolean(), (before, after, normalises) => {
      const rules = changeRules(columns, { text: normalises ? 'normalised' : 'exact' });
      expect(changeOf('K', before, before, rules)).toBeNull();
      const change = changeOf('K', before, after, changeRules(columns));
      for (const column of columns) {
        const of = (from: Answers): Json =>
          Object.hasOwn(from, column) ? (from[column] ?? null) : null;
        const step = change === null ? undefined : change.columns[column];
        expect(step === undefined ? of(before) : step.to).toEqual(of(after));
      }
    }),
  );
});

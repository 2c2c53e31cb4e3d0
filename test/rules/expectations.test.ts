import { expect, test } from '@jest/globals';
import type { Json } from '../../src/contract/json.ts';
import type { AnswerType, Expectation } from '../../src/contract/pipeline.ts';
import type { CellCounts } from '../../src/contract/results.ts';
import {
  brokenRules,
  failedExpectations,
  judgeExpectations,
  judgesValues,
  outcomeWith,
} from '../../src/rules/answers/expectations.ts';
import { failedExpectationsText } from '../../src/text/expectations.ts';

const cells = (done: number, failed: number): CellCounts => ({
  done,
  failed,
  empty: 0,
  blocked: 0,
  pending: 0,
});

test.each<[Json, Expectation, string[]]>([
  ['Energy', { oneOf: ['Energy', 1] }, []],
  [1, { oneOf: ['Energy', 1] }, []],
  ['energy', { oneOf: ['Energy'] }, ['oneOf']],
  [5, { min: 5, max: 5 }, []],
  ['5', { min: 5, max: 5, type: 'number' }, []],
  ['about 5', { min: 5, type: 'number' }, ['type', 'min']],
  [4, { min: 5 }, ['min']],
  [6, { max: 5 }, ['max']],
  [['a'], { min: 1 }, ['min']],
])('%j with %j breaks %j', (answer, expected, rules) => {
  expect(brokenRules(answer, expected)).toEqual(rules);
});

test.each<[AnswerType, Json[], Json[]]>([
  ['string', ['a', '1'], [1, true, ['a'], {}]],
  ['number', [1, 1.5, '1.5', '-3'], ['1,000', '', true, [1]]],
  ['integer', [1, '12'], [1.5, '1.5', 'x']],
  ['boolean', [true, false], ['true', 0]],
  ['array', [[], ['a']], [{}, 'a']],
  ['object', [{ a: 1 }], [[], 'a', 1]],
])('answers of type %s', (type, fitting, others) => {
  for (const answer of fitting)
    expect([answer, brokenRules(answer, { type })]).toEqual([answer, []]);
  for (const answer of others)
    expect([answer, brokenRules(answer, { type })]).toEqual([answer, ['type']]);
});

test('a column is judged by each share that it expects', () => {
  const expected = { a: { filled: 0.7 }, b: { filled: 0.5, type: 'number', fits: 0.9 } } as const;
  const judged = judgeExpectations(expected, {
    byColumn: { a: cells(40, 60), b: cells(50, 50) },
    misfits: { b: { type: 6 } },
  });
  expect(judged).toEqual([
    { column: 'a', rule: 'filled', wanted: 0.7, found: 0.4, met: false },
    { column: 'b', rule: 'filled', wanted: 0.5, found: 0.5, met: true },
    { column: 'b', rule: 'type', wanted: 0.9, found: 0.88, met: false },
  ]);
  expect(failedExpectationsText(judged)).toBe(
    'a filled 40 % (wanted 70 %), b type 88 % (wanted 90 %)',
  );
});

test('a share is met exactly at its limit, whatever it is in binary', () => {
  for (let percent = 0; percent <= 100; percent += 1) {
    const scan = { byColumn: { a: cells(percent, 100 - percent) } };
    const [one] = judgeExpectations({ a: { filled: percent / 100 } }, scan);
    expect([percent, one?.met]).toEqual([percent, true]);
  }
});

test('what is missed by a hair is not shown as met', () => {
  const scan = { byColumn: { a: cells(6_999, 3_001) } };
  const judged = judgeExpectations({ a: { filled: 0.7 } }, scan);
  expect(failedExpectationsText(judged)).toBe('a filled 69.9 % (wanted 70 %)');
});

test('nothing is judged without expectations or a scan', () => {
  expect(judgeExpectations(undefined, { byColumn: {} })).toEqual([]);
  expect(judgeExpectations({ a: { filled: 1 } }, null)).toEqual([]);
});

test('a table without rows meets every expectation', () => {
  const judged = judgeExpectations({ a: { filled: 1, min: 1 } }, { byColumn: { a: cells(0, 0) } });
  expect(failedExpectations(judged)).toEqual([]);
});

test('only a pipeline with rules about values has its answers read', () => {
  expect(judgesValues(undefined)).toBe(false);
  expect(judgesValues({ a: { filled: 1 } })).toBe(false);
  expect(judgesValues({ a: { filled: 1 }, b: { max: 0 } })).toBe(true);
});

test('a failed expectation makes a completed run partial only where the pipeline says so', () => {
  const judged = judgeExpectations({ a: { filled: 1 } }, { byColumn: { a: cells(1, 1) } });
  expect(outcomeWith('completed', judged, 'partial')).toBe('partial');
  expect(outcomeWith('completed', judged, 'warn')).toBe('completed');
  expect(outcomeWith('completed', judged)).toBe('completed');
  expect(outcomeWith('cancelled', judged, 'partial')).toBe('cancelled');
});

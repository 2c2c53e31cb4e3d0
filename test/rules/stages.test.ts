import { expect, test } from '@jest/globals';
import type { When } from '../../src/contract/pipeline.ts';
import { stagesOf } from '../../src/rules/answers/stages.ts';

const column = (key: string, ...dependsOn: string[]) => ({ key, input: false, dependsOn });
const TABLE = [
  { key: 'input', input: true, dependsOn: [] },
  column('a', 'input'),
  column('b', 'input'),
  column('c', 'b'),
  column('d', 'input'),
];

const cases: [string, When, number][] = [
  ['conditions on the source take no pass', { a: { Region: { empty: false } } }, 1],
  ['a condition on an answer takes one more', { b: { a: { empty: true } } }, 2],
  ['conditions in a row add up', { b: { a: { empty: true } }, d: { c: { empty: true } } }, 3],
  [
    'conditions side by side share a pass',
    { b: { a: { empty: true } }, d: { a: { empty: true } } },
    2,
  ],
];

test.each(cases)('%s', (_, when, stages) => {
  expect(stagesOf(when, TABLE)).toBe(stages);
});

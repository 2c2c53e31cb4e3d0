import { expect, test } from '@jest/globals';
import type { Json } from '../../src/contract/json.ts';
import type { Condition, When } from '../../src/contract/pipeline.ts';
import type { Column } from '../../src/contract/table.ts';
import { classifyCells, type CellReading } from '../../src/rules/cells/cells.ts';
import { ColumnConditions, conditionHolds } from '../../src/rules/answers/conditions.ts';
import { matchesPattern, patternProblem } from '../../src/safe-pattern.ts';

const EMPTY: Json[] = [null, '', '  ', []];

test.each<[Condition, Json[], Json[]]>([
  [{ empty: true }, EMPTY, ['a', 0, false, ['a'], {}]],
  [{ empty: false }, ['a', 0, false, ['a'], {}], EMPTY],
  [
    { oneOf: ['Energy', 50, true] },
    ['Energy', 50, '50', true, 'true'],
    [null, 'energy', 51, ['Energy']],
  ],
  [{ noneOf: ['Energy', 50] }, [null, 'energy', 51], ['Energy', '50', 50]],
  [{ atLeast: 50 }, [50, '50', 51.5], [49, '49.9', null, 'many', [50], '1,000']],
  [{ atMost: 50 }, [50, '-3'], [50.1, null, '']],
  [{ atLeast: 1, atMost: 2 }, [1, '2'], [0, 3]],
  [{ matches: '^https?://' }, ['https://a.b'], ['ftp://a', null, ['https://a']]],
  [{ matches: '(?i)energy' }, ['New ENERGY'], ['oil']],
  [{ empty: false, noneOf: ['n/a'] }, ['a'], ['n/a', null]],
])('%j', (condition, fits, others) => {
  for (const value of fits)
    expect([value, conditionHolds(condition, value, matchesPattern)]).toEqual([value, true]);
  for (const value of others)
    expect([value, conditionHolds(condition, value, matchesPattern)]).toEqual([value, false]);
});

test('a pattern takes linear time', () => {
  const text = 'a'.repeat(50_000);
  expect(matchesPattern('(a+)+$', `${text}b`)).toBe(false);
});

test('a pattern that RE2 does not know is named', () => {
  expect(patternProblem('(?=a)')).toMatch(/Perl syntax/);
  expect(patternProblem('[a')).not.toBeNull();
  expect(patternProblem('a'.repeat(501))).toMatch(/500 characters/);
  expect(patternProblem('^a.*b$')).toBeNull();
});

const column = (key: string, ...dependsOn: string[]): Column => ({
  id: key,
  key,
  name: key,
  input: false,
  ours: true,
  dependsOn,
});
const DONE: CellReading = { status: 'done', empty: false };
const NONE: CellReading = { status: 'done', empty: true };

/** Outcomes by column of a row with these answers and fields. */
function outcomes(
  columns: Column[],
  when: When,
  cells: Record<string, CellReading>,
  values: Record<string, Json> = {},
): Record<string, string> {
  const valueOf = (name: string): Json => values[name] ?? null;
  const verdicts = classifyCells(columns, cells, {
    conditions: new ColumnConditions(when, matchesPattern),
    answer: valueOf,
    field: valueOf,
  });
  return Object.fromEntries(
    [...verdicts].map(([key, { outcome, undecided, blockedBy, startable }]) => [
      key,
      [
        outcome,
        ...(undecided === true ? ['undecided'] : []),
        ...(blockedBy === null ? [] : [`by ${blockedBy}`]),
        ...(startable ? ['startable'] : []),
      ].join(' '),
    ]),
  );
}

const COLUMNS = [column('a'), column('b'), column('c', 'b')];

test('a condition that does not hold skips a cell with its dependents', () => {
  const when = { b: { a: { atLeast: 50 } } };
  expect(outcomes(COLUMNS, when, { a: DONE }, { a: 49 })).toEqual({
    a: 'done',
    b: 'skipped',
    c: 'skipped',
  });
  expect(outcomes(COLUMNS, when, { a: DONE }, { a: 50 })).toEqual({
    a: 'done',
    b: 'pending startable',
    c: 'pending',
  });
});

test('it is not decided before the column it names has ended', () => {
  const when = { b: { a: { empty: true } } };
  expect(outcomes(COLUMNS, when, {})).toEqual({
    a: 'pending startable',
    b: 'pending undecided',
    c: 'pending undecided',
  });
  const running: CellReading = { status: 'running', empty: false };
  expect(outcomes(COLUMNS, when, { a: running })['b']).toBe('pending undecided');
  expect(outcomes(COLUMNS, when, { a: NONE })['b']).toBe('pending startable');
  expect(outcomes(COLUMNS, when, { a: DONE }, { a: 'x' })['b']).toBe('skipped');
  const failed: CellReading = { status: 'failed', empty: false };
  expect(outcomes(COLUMNS, when, { a: failed })['b']).toBe('blocked undecided by a');
});

test('one condition that does not hold is enough, whatever else is not known yet', () => {
  const when = { b: { a: { empty: true }, size: { atLeast: 50 } } };
  expect(outcomes(COLUMNS, when, {}, { size: '49' })['b']).toBe('skipped');
  expect(outcomes(COLUMNS, when, {}, { size: '51' })['b']).toBe('pending undecided');
});

test('of a skipped column there is no value', () => {
  const columns = [column('a'), column('b'), column('c')];
  const when = { b: { size: { atLeast: 50 } }, c: { b: { empty: true } } };
  expect(outcomes(columns, when, {}, { size: 1 })).toMatchObject({
    b: 'skipped',
    c: 'pending startable',
  });
  const other = { ...when, c: { b: { noneOf: ['x'] }, a: { empty: false } } };
  expect(outcomes(columns, other, { a: DONE }, { size: 1, a: 'y' })['c']).toBe('pending startable');
});

test('only cells that have not begun or failed are skipped', () => {
  const when = { a: { size: { atLeast: 50 } } };
  const reading = (status: CellReading['status']) => ({ a: { status, empty: false } });
  expect(outcomes([column('a')], when, reading('done'), { size: 1 })).toEqual({ a: 'done' });
  expect(outcomes([column('a')], when, reading('running'), { size: 1 })).toEqual({ a: 'pending' });
  expect(outcomes([column('a')], when, reading('failed'), { size: 1 })).toEqual({ a: 'skipped' });
  expect(outcomes([column('a')], when, reading('failed'), { size: 50 })).toEqual({ a: 'failed' });
});

test('columns are decided in the order of their conditions, whatever their order in the table', () => {
  const columns = [column('late'), column('early')];
  const when = { late: { early: { empty: true } } };
  expect(outcomes(columns, when, { early: NONE })['late']).toBe('pending startable');
});

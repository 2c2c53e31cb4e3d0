import { expect, test } from '@jest/globals';
import {
  askedByColumn,
  askedByReason,
  cellsToAsk,
  LimitedCells,
  mayCompute,
  reasonToAsk,
  sumAsked,
  type OpenCellState,
} from '../../src/rules/cells/cell-set.ts';
import type { PassKind } from '../../src/rules/passes/passes.ts';

const PENDING: OpenCellState = { status: 'pending', inFlight: false, startable: false };
const FAILED: OpenCellState = { ...PENDING, status: 'failed' };
const BLOCKED: OpenCellState = { ...PENDING, status: 'blocked' };
const EMPTY: OpenCellState = { ...PENDING, status: 'empty' };

const CELLS: [string, OpenCellState, Partial<Record<PassKind, string>>][] = [
  ['never asked for', PENDING, { first: 'new' }],
  [
    'ready, and never asked for',
    { ...PENDING, startable: true },
    { first: 'new', 'follow-up': 'failed', nudge: 'failed' },
  ],
  ['in flight', { ...PENDING, inFlight: true }, { first: 'new', nudge: 'failed' }],
  [
    'asked for, and not begun',
    { ...PENDING, startable: true, waiting: true },
    { first: 'new', nudge: 'failed' },
  ],
  ['failed', FAILED, { failed: 'failed', 'newly-failed': 'failed' }],
  ['failed again', { ...FAILED, rerun: true }, { failed: 'failed' }],
  ['blocked', BLOCKED, {}],
  ['empty', EMPTY, {}],
];

const KINDS: PassKind[] = ['first', 'failed', 'newly-failed', 'follow-up', 'nudge', 'wait'];

test.each(CELLS)('a cell that is %s', (_name, cell, reasons) => {
  const asked = KINDS.flatMap((kind) => {
    const reason = reasonToAsk(kind, cell);
    return reason === null ? [] : [[kind, reason]];
  });
  expect(Object.fromEntries(asked)).toEqual(reasons);
});

test('mode failed may compute a cell in flight', () => {
  expect(mayCompute('failed', FAILED)).toBe(true);
  expect(mayCompute('failed', { ...PENDING, inFlight: true })).toBe(true);
  expect(mayCompute('failed', PENDING)).toBe(false);
  expect(mayCompute('failed', EMPTY)).toBe(false);
});

test('mode new may compute whatever has no value', () => {
  for (const cell of [PENDING, FAILED, EMPTY]) expect(mayCompute('new', cell)).toBe(true);
  expect(mayCompute('new', BLOCKED)).toBe(false);
});

test('a provider knows no conditions: it may compute what only they leave out', () => {
  const skipped: OpenCellState = { ...PENDING, status: 'skipped' };
  expect([mayCompute('new', skipped), mayCompute('failed', skipped)]).toEqual([true, true]);
  expect(mayCompute('new', { ...BLOCKED, undecided: true })).toBe(true);
  expect(mayCompute('failed', { ...BLOCKED, undecided: true })).toBe(false);
});

test('a limit cuts the cells of its column alone', () => {
  const limited = new LimitedCells({ b: 1, c: 0 });
  const taken = ['a', 'b', 'c', 'a', 'b', 'c'].map((column) => limited.take(column));
  expect(taken).toEqual([true, true, false, true, false, false]);
});

test('the set of a pass is counted before it is sent', () => {
  const work = { columns: ['a', 'b'], rows: 3, mode: 'new' } as const;
  expect(cellsToAsk('first', null, work)).toEqual({ new: { a: 3, b: 3 } });
  expect(cellsToAsk('first', null, { ...work, mode: 'all' })).toEqual({ all: { a: 3, b: 3 } });
  expect(cellsToAsk('wait', null, work)).toEqual({});
});

test('counts are added up by reason and by column', () => {
  const asked = sumAsked({ new: { a: 3, b: 3 } }, { failed: { a: 1 } });
  expect(asked).toEqual({ new: { a: 3, b: 3 }, failed: { a: 1 } });
  expect(askedByColumn(asked)).toEqual({ a: 4, b: 3 });
  expect(askedByReason(sumAsked(asked, { failed: { b: 1 } }))).toEqual({ new: 6, failed: 2 });
});

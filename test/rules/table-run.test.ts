import { expect, test } from '@jest/globals';
import { mergeTableRunRefs } from '../../src/rules/passes/table-run.ts';

const queued = (...operations: string[]) => ({ operations, requestedCells: 10 });
const LOST = { operations: [], requestedCells: null };
const NOTHING_TO_DO = { operations: [], requestedCells: 0 };

test.each([
  ['no request at all', [], { operations: [], requestedCells: 0 }],
  ['one request', [queued('a')], { operations: ['a'], requestedCells: 10 }],
  ['several', [queued('a', 'b'), queued('c')], { operations: ['a', 'b', 'c'], requestedCells: 20 }],
  [
    'one that had nothing to do',
    [queued('a'), NOTHING_TO_DO],
    { operations: ['a'], requestedCells: 10 },
  ],
  // By the operations that are known the pass would be over too early.
  ['one whose reply was lost', [queued('a'), LOST], { operations: [], requestedCells: null }],
  [
    'more operations than are worth a request each',
    [queued('a', 'b', 'c'), queued('d', 'e')],
    { operations: [], requestedCells: 20 },
  ],
  [
    'unnamed operations',
    [{ operations: [], requestedCells: 7 }],
    { operations: [], requestedCells: 7 },
  ],
])('the receipt of %s', (_what, sent, merged) => {
  expect(mergeTableRunRefs(sent)).toEqual(merged);
});

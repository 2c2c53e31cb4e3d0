import { expect, test } from '@jest/globals';
import { sendFitted } from '../../activities/table/fitted-scope.ts';
import { RowmillError } from '../../src/errors.ts';
import type { RunScope } from '../../src/providers/provider.ts';

const ROWS = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
const SCOPE: RunScope = { mode: 'new', columnIds: ['auto', 'own'], rowIds: ROWS, maxCells: 14 };

/** An API that refuses some requests, and what it took. */
function api(refuses: (scope: RunScope) => boolean) {
  const taken: RunScope[] = [];
  let asked = 0;
  const send = (scope: RunScope) => {
    asked += 1;
    if (refuses(scope)) {
      return Promise.reject(new RowmillError('request_refused', 'answered 422', {}));
    }
    taken.push(scope);
    const requestedCells = scope.columnIds.length * (scope.rowIds?.length ?? ROWS.length);
    return Promise.resolve({ operations: [], requestedCells });
  };
  return { taken, send, asked: () => asked };
}

test('a scope of too many rows is sent in pieces of the size that is taken', async () => {
  const { taken, send } = api(({ rowIds = [] }) => rowIds.length > 2);
  const tableRun = await sendFitted([[SCOPE]], send);
  expect(taken.map(({ rowIds }) => rowIds?.join(''))).toEqual(['ab', 'cd', 'ef', 'g']);
  expect(taken.map(({ maxCells }) => maxCells)).toEqual([4, 4, 4, 2]);
  expect(tableRun.requestedCells).toBe(14);
});

test('where not even one row is taken, the next way is tried', async () => {
  const { taken, send } = api(({ columnIds }) => columnIds.includes('auto'));
  const narrower = { ...SCOPE, columnIds: ['own'] };
  await sendFitted([[SCOPE], [narrower]], send);
  expect(taken).toEqual([narrower]);
});

test('the first way that is taken is the last that is tried', async () => {
  const { taken, send } = api(({ whole }) => whole !== true);
  const { rowIds: _all, ...every } = SCOPE;
  const whole: RunScope = { ...every, whole: true };
  await sendFitted([[every], [whole], [{ ...every, columnIds: ['own'] }]], send);
  expect(taken).toEqual([whole]);
});

test('a scope refused in every way throws the first refusal after few requests', async () => {
  const { taken, send, asked } = api(() => true);
  const narrower = { ...SCOPE, columnIds: ['own'] };
  await expect(sendFitted([[SCOPE], [narrower]], send)).rejects.toThrow('answered 422');
  expect(taken).toEqual([]);
  expect(asked()).toBe(8);
});

test('a refusal after some rows were taken is no reason to ask for them in another way', async () => {
  const { taken, send } = api(({ rowIds = [] }) => rowIds.length > 4 || rowIds.includes('g'));
  const narrower = { ...SCOPE, columnIds: ['own'] };
  await expect(sendFitted([[SCOPE], [narrower]], send)).rejects.toThrow('answered 422');
  expect(taken.map(({ rowIds }) => rowIds?.join(''))).toEqual(['abcd', 'ef']);
});

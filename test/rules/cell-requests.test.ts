import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { RunMode } from '../../src/contract/table.ts';
import { RequestPlan, type CellRequest } from '../../src/rules/cells/cell-requests.ts';

/** State of a cell: asked for; left alone by the mode of the request; or one that it would compute. */
type State = 'asked' | 'left alone' | 'other';

const COLUMNS = ['a', 'b', 'c'];

/** Requests for a table, as `chooseCells` and `scopesOf` build them. */
function requestsFor(table: readonly State[][], mode: RunMode): CellRequest[] {
  const plan = new RequestPlan();
  for (const [row, cells] of table.entries()) {
    const columns = COLUMNS.filter((_, at) => cells[at] === 'asked');
    const hasOthers = cells.includes('other');
    if (columns.length > 0) plan.add({ rowId: String(row), mode, columns, hasOthers });
  }
  const isWhole = (state: State): boolean => state !== 'other';
  const whole = COLUMNS.filter((_, at) => table.every((cells) => isWhole(cells[at] ?? 'other')));
  return plan.requests(new Set(whole));
}

/** Counts how often the API computes each cell, by row and column. */
function computed(table: readonly State[][], mode: RunMode): number[][] {
  const times = table.map((cells) => cells.map(() => 0));
  for (const { columns, rows } of requestsFor(table, mode)) {
    const named = rows?.flatMap(({ rowIds }) => rowIds.map(Number)) ?? [...table.keys()];
    for (const row of named) {
      for (const [at, column] of COLUMNS.entries()) {
        const state = table[row]?.[at];
        const counts = times[row];
        if (!columns.includes(column) || counts === undefined) continue;
        if (state !== 'left alone' || mode === 'all') counts[at] = (counts[at] ?? 0) + 1;
      }
    }
  }
  return times;
}

const tables = fc.array(
  fc.tuple(...COLUMNS.map(() => fc.constantFrom<State>('asked', 'asked', 'left alone', 'other'))),
  { minLength: 1, maxLength: 12 },
);
const modes = fc.constantFrom<RunMode>('new', 'failed', 'all');

test('exactly the cells of a set are computed, once each', () => {
  fc.assert(
    fc.property(tables, modes, (table, mode) => {
      const wanted = table.map((cells) => cells.map((state) => (state === 'asked' ? 1 : 0)));
      expect(computed(table, mode)).toEqual(wanted);
    }),
  );
});

test('the requests count the cells of the set', () => {
  fc.assert(
    fc.property(tables, modes, (table, mode) => {
      const asked = table.flat().filter((state) => state === 'asked').length;
      const counted = requestsFor(table, mode).reduce((sum, { cells }) => sum + cells, 0);
      expect(counted).toBe(asked);
    }),
  );
});

test('where done cells are left alone, there are no more requests than columns', () => {
  fc.assert(
    fc.property(tables, fc.constantFrom<RunMode>('new', 'failed'), (table, mode) => {
      expect(requestsFor(table, mode).length).toBeLessThanOrEqual(COLUMNS.length);
    }),
  );
});

test('where done cells are computed again, a row is in one request', () => {
  fc.assert(
    fc.property(tables, (table) => {
      const named = requestsFor(table, 'all').flatMap(
        ({ rows }) => rows?.flatMap(({ rowIds }) => rowIds) ?? [],
      );
      expect(named).toHaveLength(new Set(named).size);
    }),
  );
});

const A: State[] = ['asked', 'left alone', 'left alone'];
const B: State[] = ['left alone', 'asked', 'left alone'];
const OTHER: State[] = ['other', 'left alone', 'left alone'];

test('failed cells all over a table are one request without rows', () => {
  expect(requestsFor([A, B], 'failed')).toEqual([
    { mode: 'failed', columns: ['a', 'b'], rows: null, cells: 2 },
  ]);
});

test('rows without other cells share one request, whatever their columns', () => {
  const [request, ...others] = requestsFor([A, B, OTHER], 'failed');
  expect(others).toEqual([]);
  expect(request).toMatchObject({ columns: ['a', 'b'], cells: 2 });
  expect(request?.rows?.flatMap(({ rowIds }) => rowIds)).toEqual(['0', '1']);
});

test('where done cells are computed again, only the columns of a row are named', () => {
  expect(requestsFor([A, B], 'all').map(({ columns }) => columns)).toEqual([['a'], ['b']]);
});

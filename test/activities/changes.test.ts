import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { once } from 'node:events';
import type { Json } from '../../src/contract/json.ts';
import type { ChangeLine, ResultRow } from '../../src/contract/results.ts';
import { writeChanges, type Publication } from '../../activities/results/summary/changes.ts';
import { changeRules } from '../../src/rules/answers/changes.ts';
import { createFileStore } from '../../src/store/disk/file-store.ts';
import { Missing, resultRow } from '../sinks/result-row.ts';
import { newPlace } from '../store/place.ts';
import { runAlone } from '../store/own-process.ts';

const AT = '2026-02-01T02:30:00.000Z';
const COLUMNS = ['a', 'b'];

const publicationOf = (rows: readonly ResultRow[]): Publication => {
  const lines = rows.map((row) => JSON.stringify(row));
  return {
    // eslint-disable-next-line @typescript-eslint/require-await -- an async iterable of an array
    lines: async function* () {
      yield* lines;
    },
    bytes: lines.join('\n').length,
  };
};

const folder = () => createFileStore(newPlace()).run({ workflowId: 'w', firstRunId: 'r' });

/** Compares in memory, or in buckets of so many bytes. */
async function compare(
  before: readonly ResultRow[] | null,
  after: readonly ResultRow[],
  bucketBytes?: number,
): Promise<ChangeLine[]> {
  const place = folder();
  const input = {
    before: before === null ? null : publicationOf(before),
    after: publicationOf(after),
    rules: changeRules(COLUMNS),
    at: AT,
  };
  const counts = await writeChanges(place, 'changes.jsonl', input, bucketBytes);
  const changes: ChangeLine[] = [];
  for await (const line of place.lines('changes.jsonl')) {
    // Written by writeChanges.
    changes.push(JSON.parse(line) as ChangeLine);
  }
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
  expect(total).toBe(changes.length);
  expect(await place.list('comparison/')).toEqual([]);
  return changes;
}

const valuesOf = (rows: readonly ResultRow[]): [string, Json[]][] =>
  rows.map(({ key, cells }) => [key, COLUMNS.map((column) => cells[column]?.value ?? null)]);

/** Applies changes as a program would that keeps a copy of the results. */
function applied(rows: readonly ResultRow[], changes: readonly ChangeLine[]): [string, Json[]][] {
  const copy = new Map(valuesOf(rows));
  for (const { key, change, columns } of changes) {
    if (change === 'vanished') {
      copy.delete(key);
      continue;
    }
    const values = copy.get(key) ?? COLUMNS.map(() => null);
    copy.set(
      key,
      COLUMNS.map((column, at) =>
        column in columns ? (columns[column]?.to ?? null) : (values[at] ?? null),
      ),
    );
  }
  return [...copy].sort(([a], [b]) => (a < b ? -1 : 1));
}

const answer = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom<Json>('x', 'y', 1, 0, false, ['x'], { k: 'v' }) },
  { weight: 1, arbitrary: fc.constantFrom(new Missing('failed'), new Missing('empty')) },
);
const rows = fc
  .uniqueArray(fc.tuple(fc.integer({ min: 0, max: 30 }), answer, answer), {
    selector: ([key]) => key,
    maxLength: 25,
  })
  .map((list) => list.map(([key, a, b]) => resultRow(`k${key}`, { input: 'i' }, { a, b })));

test('the changes applied to the results of one night give those of the next', async () => {
  await fc.assert(
    fc.asyncProperty(rows, rows, async (before, after) => {
      const changes = await compare(before, after);
      expect(applied(before, changes)).toEqual(applied(after, []));
      // In buckets of a few bytes, in the same order.
      expect(await compare(before, after, 100)).toEqual(changes);
    }),
    { numRuns: 40 },
  );
});

test('rows come in the order of the results, vanished ones last', async () => {
  const row = (key: string, a: Json) => resultRow(key, {}, { a });
  const changes = await compare(
    [row('gone', 1), row('same', 1), row('z', 1), row('also gone', 1)],
    [row('z', 2), row('same', 1), row('fresh', 3)],
    50,
  );
  expect(changes.map(({ key, change, at }) => [key, change, at])).toEqual([
    ['z', 'changed', AT],
    ['fresh', 'new', AT],
    ['gone', 'vanished', AT],
    ['also gone', 'vanished', AT],
  ]);
});

test('a damaged line of the results before is an error of the store', async () => {
  const damaged = {
    // eslint-disable-next-line @typescript-eslint/require-await -- an async iterable of an array
    lines: async function* () {
      yield '{"key":"a","cells":{"a":{"val';
    },
    bytes: 10,
  };
  const place = folder();
  const after = publicationOf([resultRow('a', {}, { a: 1 })]);
  const input = { before: damaged, after, rules: changeRules(COLUMNS), at: AT };
  await expect(writeChanges(place, 'changes.jsonl', input)).rejects.toMatchObject({
    code: 'store_unreadable',
  });
  expect(await place.exists('changes.jsonl')).toBe(false);
});

test('100 000 rows of 1 KB in another order are compared in a heap of 30 MB', async () => {
  const args = [newPlace(), '100000'];
  const child = runAlone('test/activities/compare-alone.ts', args, ['--max-old-space-size=30']);
  const [code] = (await once(child, 'exit')) as [number | null];
  expect(code).toBe(0);
});

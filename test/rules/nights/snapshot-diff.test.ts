import { createHash } from 'node:crypto';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { SnapshotRow } from '../../../src/contract/rows.ts';
import { DigestIndex, type Digest } from '../../../src/rules/nights/digest-index.ts';
import { changedInputs } from '../../../src/rules/nights/inputs.ts';
import { SnapshotDiff } from '../../../src/rules/nights/snapshot-diff.ts';

const digest = (text: string): Digest => {
  const bytes = createHash('sha256').update(text).digest();
  return [bytes.readUInt32BE(0), bytes.readUInt32BE(4)];
};

const snapshot = fc
  .dictionary(
    fc.string({ minLength: 1, maxLength: 3 }),
    fc.record({ name: fc.constantFrom('x', 'y', ''), size: fc.constantFrom(1, '1', null) }),
  )
  .map((rows) => Object.entries(rows).map(([key, input]): SnapshotRow => ({ key, input })));

test('each row of two snapshots is new, changed, the same or vanished, as a comparison by map says', () => {
  fc.assert(
    fc.property(snapshot, snapshot, (last, next) => {
      const diff = new SnapshotDiff(digest);
      for (const [place, row] of last.entries()) diff.before(row, place);
      const before = new Map(last.map((row) => [row.key, row]));
      for (const row of next) {
        const old = before.get(row.key);
        const found = diff.after(row);
        if (old === undefined) {
          expect(found).toEqual({ change: 'new' });
          continue;
        }
        const change = changedInputs(old.input, row.input).length === 0 ? 'same' : 'changed';
        expect(found).toEqual({ change, place: last.indexOf(old) });
      }
      const keys = new Set(next.map(({ key }) => key));
      const gone = last.filter(({ key }) => !keys.has(key));
      expect(diff.vanished).toBe(gone.length);
      expect(last.filter(({ key }) => diff.hasVanished(key))).toEqual(gone);
    }),
  );
});

test('an index finds exactly its keys among many', () => {
  const index = new DigestIndex();
  const count = 20_000;
  for (let nth = 0; nth < count; nth += 1) index.set(digest(`K${nth}`), [nth, 1], nth);
  for (let nth = 0; nth < count; nth += 2) index.mark(index.find(digest(`K${nth}`)) ?? -1);
  index.set(digest('K7'), [9, 9], 70);
  expect(index.size).toBe(count);
  for (let nth = 0; nth < count; nth += 1) {
    const slot = index.find(digest(`K${nth}`)) ?? -1;
    expect(index.placeOf(slot)).toBe(nth === 7 ? 70 : nth);
    expect(index.isMarked(slot)).toBe(nth % 2 === 0);
    expect(index.hasValue(slot, nth === 7 ? [9, 9] : [nth, 1])).toBe(true);
  }
  expect(index.find(digest('other'))).toBeNull();
  expect(index.find([0, 0])).toBeNull();
});

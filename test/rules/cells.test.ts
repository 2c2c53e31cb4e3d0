import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { CellStatus, Column } from '../../src/contract/table.ts';
import { classifyRow, type CellReading } from '../../src/rules/cells/cells.ts';

const column = (key: string, dependsOn: string[] = [], said: Partial<Column> = {}): Column => ({
  id: `id-${key}`,
  key,
  name: key,
  input: false,
  ours: true,
  dependsOn,
  ...said,
});

const cell = (status: CellStatus, empty = false): CellReading => ({ status, empty });

const outcomes = (
  columns: Column[],
  cells: Record<string, CellReading>,
): Record<string, string | undefined> =>
  Object.fromEntries([...classifyRow(columns, cells)].map(([key, { outcome }]) => [key, outcome]));

test('a done cell without a value is empty', () => {
  expect(outcomes([column('a')], { a: cell('done', true) })).toEqual({ a: 'empty' });
});

test('the root of a failed chain blocks every cell that waits for it', () => {
  const columns = [column('a'), column('b', ['a']), column('c', ['b'])];
  const verdicts = classifyRow(columns, {
    a: cell('failed'),
    b: cell('pending'),
    c: cell('running'),
  });
  expect(verdicts.get('b')).toMatchObject({ outcome: 'blocked', blockedBy: 'a' });
  expect(verdicts.get('c')).toMatchObject({ outcome: 'blocked', blockedBy: 'a' });
});

test('a failed column of the provider blocks ours without being counted', () => {
  const columns = [column('profile', [], { ours: false }), column('a', ['profile'])];
  const verdicts = classifyRow(columns, { profile: cell('failed'), a: cell('pending') });
  expect([...verdicts.keys()]).toEqual(['a']);
  expect(verdicts.get('a')).toMatchObject({ outcome: 'blocked', blockedBy: 'profile' });
});

test('a pending cell is startable once everything before it is answered', () => {
  const columns = [column('a'), column('b', ['a'])];
  const ready = classifyRow(columns, { a: cell('done', true), b: cell('pending') });
  expect(ready.get('b')).toMatchObject({ outcome: 'pending', startable: true, inFlight: false });
  const waiting = classifyRow(columns, { a: cell('running'), b: cell('pending') });
  expect(waiting.get('b')).toMatchObject({ outcome: 'pending', startable: false });
  expect(waiting.get('a')).toMatchObject({ inFlight: true, startable: false });
});

test('a word we have never seen is a cell in flight', () => {
  const verdict = classifyRow([column('a')], { a: cell('unknown') }).get('a');
  expect(verdict).toMatchObject({ outcome: 'pending', inFlight: true });
});

test('a cell that the provider leaves out was never asked for', () => {
  expect(classifyRow([column('a')], {}).get('a')).toMatchObject({
    outcome: 'pending',
    startable: true,
  });
});

test('columns that wait for each other do not stall the classification', () => {
  const columns = [column('a', ['b']), column('b', ['a'])];
  expect(outcomes(columns, { a: cell('pending'), b: cell('pending') })).toEqual({
    a: 'pending',
    b: 'pending',
  });
});

test('exactly one outcome belongs to each of our cells', () => {
  const status = fc.constantFrom<CellStatus[]>('pending', 'running', 'done', 'failed', 'unknown');
  const row = fc.array(
    fc.record({
      reading: fc.option(fc.record({ status, empty: fc.boolean() })),
      dependsOn: fc.array(fc.nat(7), { maxLength: 3 }),
      input: fc.boolean(),
      ours: fc.boolean(),
    }),
    { minLength: 1, maxLength: 8 },
  );
  fc.assert(
    fc.property(row, (cells) => {
      const columns = cells.map(({ dependsOn, input, ours }, at) =>
        column(
          `c${at}`,
          dependsOn.map((to) => `c${to}`),
          { input, ours },
        ),
      );
      const readings = Object.fromEntries(
        cells.flatMap(({ reading }, at) => (reading === null ? [] : [[`c${at}`, reading]])),
      );
      const verdicts = classifyRow(columns, readings);
      const ours = columns.filter((one) => one.ours && !one.input);
      expect([...verdicts.keys()]).toEqual(ours.map(({ key }) => key));
      for (const verdict of verdicts.values()) {
        expect(verdict.inFlight && verdict.startable).toBe(false);
        if (verdict.inFlight || verdict.startable) expect(verdict.outcome).toBe('pending');
        expect(verdict.blockedBy !== null).toBe(verdict.outcome === 'blocked');
      }
    }),
  );
});

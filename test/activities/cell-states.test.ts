import { expect, test } from '@jest/globals';
import { CellStates } from '../../activities/table/cell-states.ts';

test('states of cells are compared by status and time, row by row', () => {
  const states = new CellStates(['a', 'b']);
  for (let row = 0; row < 200; row += 1) {
    states.set(`r${row}`, 'b', { status: 'failed', at: `2026-01-01T00:00:0${row % 10}.000Z` });
  }
  states.set('r1', 'a', { status: 'pending' });
  states.set('r1', 'a', { status: 'pending' });
  expect(states.size).toBe(201);
  expect(states.hasTime('r199', 'b', '2026-01-01T00:00:09Z')).toBe(true);
  expect(states.hasTime('r199', 'b', '2026-01-01T00:00:08Z')).toBe(false);
  expect(states.hasStatus('r199', 'b', 'failed')).toBe(true);
  expect(states.hasStatus('r199', 'b', 'pending')).toBe(false);
  expect(states.has('r199', 'a')).toBe(false);
  expect(states.has('r200', 'b')).toBe(false);
});

test('times that cannot be parsed are compared as text', () => {
  const states = new CellStates(['a', 'b']);
  states.set('r', 'a', { status: 'failed', at: 'yesterday' });
  states.set('r', 'b', { status: 'failed' });
  expect(states.hasTime('r', 'a', 'yesterday')).toBe(true);
  expect(states.hasTime('r', 'a', 'today')).toBe(false);
  expect(states.hasTime('r', 'a', undefined)).toBe(false);
  expect(states.hasTime('r', 'b', undefined)).toBe(true);
});

test('a cell that was removed is not kept', () => {
  const states = new CellStates(['a']);
  states.set('r', 'a', { status: 'pending' });
  states.delete('r', 'a');
  states.delete('r', 'a');
  expect([states.size, states.has('r', 'a'), states.hasTime('r', 'a', undefined)]).toEqual([
    0,
    false,
    false,
  ]);
});

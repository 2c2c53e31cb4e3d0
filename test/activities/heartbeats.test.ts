import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { startHeartbeats, type Heartbeats } from '../../activities/runtime/heartbeats.ts';

beforeEach(() => {
  jest.useFakeTimers();
});
const steps: Heartbeats[] = [];
afterEach(() => {
  for (const step of steps.splice(0)) step.stop();
  jest.useRealTimers();
});

/** Starts so many steps; returns the number of heartbeats of each. */
function start(count: number): number[] {
  const sent = Array.from({ length: count }, () => 0);
  for (const at of sent.keys()) {
    steps.push(startHeartbeats(() => (sent[at] = (sent[at] ?? 0) + 1)));
  }
  return sent;
}

test('a step among few sends a heartbeat every two seconds', () => {
  const sent = start(200);
  expect(new Set(sent)).toEqual(new Set([1]));
  jest.advanceTimersByTime(10_000);
  expect(new Set(sent)).toEqual(new Set([6]));
});

test('many steps send at most a hundred heartbeats a second together', () => {
  const sent = start(500);
  // The first ones did not know how many would follow.
  jest.advanceTimersByTime(5_000);
  const before = [...sent];
  jest.advanceTimersByTime(10_000);
  expect(sent.map((count, at) => count - (before[at] ?? 0))).toEqual(sent.map(() => 2));
});

test('no step is silent for more than a third of its heartbeat time-out', () => {
  const sent = start(5_000);
  jest.advanceTimersByTime(10_000);
  const before = [...sent];
  jest.advanceTimersByTime(10_000);
  expect(sent.every((count, at) => count > (before[at] ?? 0))).toBe(true);
});

test('news of a step among few is sent at once, among many with the next heartbeat', () => {
  const few = start(1);
  steps[0]?.news();
  expect(few).toEqual([2]);
  const many = start(1_000);
  steps.at(-1)?.news();
  expect(many.at(-1)).toBe(1);
  jest.advanceTimersByTime(9_000);
  steps.at(-1)?.news();
  expect(many.at(-1)).toBe(2);
});

test('a step that has ended sends nothing', () => {
  const sent = start(1);
  const step = steps.pop();
  step?.stop();
  step?.news();
  jest.advanceTimersByTime(60_000);
  expect(sent).toEqual([1]);
});

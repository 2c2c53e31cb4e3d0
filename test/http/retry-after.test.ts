import { expect, test } from '@jest/globals';
import { retryAfterMs } from '../../src/http/retry-after.ts';

const date = 'Tue, 04 Aug 2026 10:00:00 GMT';

test.each([
  ['0', null],
  ['0.0001', 1],
  ['7', 7000],
  ['1.5', 1500],
  ['999999', 3_600_000],
  ['Tue, 04 Aug 2026 10:00:30 GMT', 30_000],
  ['Tue, 04 Aug 2026 23:00:00 GMT', 3_600_000],
  ['Tue, 04 Aug 2026 09:00:00 GMT', null],
  ['soon', null],
  ['in 5 minutes', null],
  ['-3', null],
  ['', null],
])('Retry-After: %s is %p ms, by the clock of the server', (value, ms) => {
  expect(retryAfterMs({ 'retry-after': value, date })).toBe(ms);
});

test('without the header there is no wait', () => {
  expect(retryAfterMs({ date })).toBeNull();
});

test('without a Date of the server, the clock here counts', () => {
  const inAMinute = new Date(Date.now() + 60_000).toUTCString();
  const ms = retryAfterMs({ 'retry-after': inAMinute });
  expect(ms).toBeGreaterThan(50_000);
  expect(ms).toBeLessThanOrEqual(60_000);
});

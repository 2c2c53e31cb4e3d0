import { expect, test } from '@jest/globals';
import { FORGET_MS, nextReportMs, reportNeed } from '../../src/rules/reminders.ts';

const HOUR_MS = 3_600_000;
const need = { subject: 'about 300 credits', notBeforeMs: 0 };

test('a need that lasts is reported every four hours from the start', () => {
  expect(nextReportMs(undefined, need)).toBe(0);
  const first = reportNeed(undefined, need.subject, HOUR_MS);
  expect(first).toMatchObject({ sinceMs: HOUR_MS, reminder: 0 });
  expect(nextReportMs(first, need)).toBe(5 * HOUR_MS);
  const second = reportNeed(first, need.subject, 5 * HOUR_MS);
  expect(second).toMatchObject({ sinceMs: HOUR_MS, reminder: 1 });
  expect(nextReportMs(second, need)).toBe(9 * HOUR_MS);
});

test('another subject is reported at once, as the first of its own', () => {
  const first = reportNeed(undefined, need.subject, HOUR_MS);
  const other = { ...need, subject: 'about 900 credits' };
  expect(nextReportMs(first, other)).toBe(0);
  expect(reportNeed(first, other.subject, 2 * HOUR_MS)).toMatchObject({ reminder: 0 });
});

test('a wait that begins anew long after the last message is no reminder', () => {
  const first = reportNeed(undefined, need.subject, 0);
  const later = FORGET_MS + 1;
  expect(reportNeed(first, need.subject, later)).toMatchObject({ sinceMs: later, reminder: 0 });
});

test('silence of the API is first reported after the stall time', () => {
  expect(nextReportMs(undefined, { subject: '', notBeforeMs: HOUR_MS })).toBe(HOUR_MS);
});

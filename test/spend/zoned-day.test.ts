import { expect, test } from '@jest/globals';
import { dayIn, isTimezone, zonedDay } from '../../src/rules/spend/zoned-day.ts';

const at = (iso: string): number => Date.parse(iso);
const HOUR = 3_600_000;

test.each([
  ['a day in UTC', 'UTC', '2026-01-31T12:00:00Z', '2026-01-31', '2026-02-01T00:00:00Z', 24],
  [
    'summer time begins',
    'Europe/Berlin',
    '2026-03-29T00:30:00Z',
    '2026-03-29',
    '2026-03-29T22:00:00Z',
    23,
  ],
  [
    'summer time ends',
    'Europe/Berlin',
    '2026-10-25T10:00:00Z',
    '2026-10-25',
    '2026-10-25T23:00:00Z',
    25,
  ],
  [
    'no midnight: 0:00 is 1:00',
    'Africa/Cairo',
    '2026-04-24T12:00:00Z',
    '2026-04-24',
    '2026-04-24T21:00:00Z',
    23,
  ],
  [
    'half an hour',
    'Australia/Lord_Howe',
    '2026-04-05T03:00:00Z',
    '2026-04-05',
    '2026-04-05T13:30:00Z',
    24.5,
  ],
  [
    'a day that the calendar left out',
    'Pacific/Apia',
    '2011-12-30T09:59:59Z',
    '2011-12-29',
    '2011-12-30T10:00:00Z',
    24,
  ],
  [
    '45 minutes off',
    'Asia/Kathmandu',
    '2026-06-01T18:14:59Z',
    '2026-06-01',
    '2026-06-01T18:15:00Z',
    24,
  ],
])('%s', (_name, zone, now, day, end, hours) => {
  const found = zonedDay(zone, at(now));
  expect(found.day).toBe(day);
  expect(new Date(found.endsAtMs).toISOString()).toBe(new Date(at(end)).toISOString());
  expect((found.endsAtMs - found.startsAtMs) / HOUR).toBe(hours);
  expect(dayIn(zone, found.endsAtMs - 1)).toBe(day);
  expect(dayIn(zone, found.endsAtMs)).not.toBe(day);
  expect(dayIn(zone, found.startsAtMs)).toBe(day);
});

test('every zone of this machine has days that follow each other without a gap', () => {
  for (const zone of Intl.supportedValuesOf('timeZone')) {
    let from = at('2026-03-27T11:00:00Z');
    for (let days = 0; days < 4; days += 1) {
      const { endsAtMs } = zonedDay(zone, from);
      const next = zonedDay(zone, endsAtMs);
      if (next.startsAtMs !== endsAtMs) throw new Error(`${zone}: ${endsAtMs} ${next.startsAtMs}`);
      from = endsAtMs;
    }
  }
});

test('only names of time zones are accepted', () => {
  expect(['Europe/Berlin', 'UTC'].every(isTimezone)).toBe(true);
  expect(['+02:00', 'Mars/Olympus', '', 'x'.repeat(200)].some(isTimezone)).toBe(false);
});

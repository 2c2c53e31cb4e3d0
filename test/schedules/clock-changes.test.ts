import { expect, test } from '@jest/globals';
import { clockChangeDays } from '../../src/client/schedules/clock-changes.ts';
import { parse, GOOD } from '../spec/pipeline-text.ts';

const NOW = Date.parse('2026-01-10T12:00:00Z');

function oddTexts(schedule: string): string[] {
  const loaded = parse(`${GOOD}schedule: ${schedule}\n`);
  if (loaded.schedule === undefined) throw new Error('no schedule');
  return clockChangeDays(loaded.schedule, NOW).map(
    ({ date, time, what }) => `${date} ${time.hour}:${time.minute} ${what}`,
  );
}

test.each([
  [
    '{ at: "02:30", timezone: Europe/Berlin }',
    ['2026-03-29 2:30 does not exist', '2026-10-25 2:30 comes twice'],
  ],
  [
    '{ at: ["01:59", "02:00", "03:00"], timezone: Europe/Berlin }',
    ['2026-03-29 2:0 does not exist', '2026-10-25 2:0 comes twice'],
  ],
  // Sundays are left out.
  ['{ at: "02:30", timezone: Europe/Berlin, days: [mon, tue, wed, thu, fri] }', []],
  ['{ at: "02:30", timezone: America/New_York }', ['2026-03-08 2:30 does not exist']],
  ['{ at: "01:30", timezone: America/New_York }', ['2026-11-01 1:30 comes twice']],
  // Half an hour, in the other half of the year.
  [
    '{ at: ["01:45", "02:15"], timezone: Australia/Lord_Howe }',
    ['2026-04-05 1:45 comes twice', '2026-10-04 2:15 does not exist'],
  ],
  ['{ at: "02:30", timezone: UTC }', []],
  ['{ at: "02:30", timezone: Asia/Tokyo }', []],
])('%s', (schedule, odd) => {
  expect(oddTexts(schedule)).toEqual(odd);
});

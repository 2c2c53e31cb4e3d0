import { expect, test } from '@jest/globals';
import { toRunInfo } from '../../src/client/runs/lookup/list.ts';

test('a run took whole milliseconds, although the server counts in nanoseconds', () => {
  const raw = { startTime: { nanos: 100_300_000 }, closeTime: { nanos: 917_828_469 } };
  expect(toRunInfo(raw)).toMatchObject({
    startedAt: '1970-01-01T00:00:00.100Z',
    durationMs: 818,
  });
});

import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  firstPace,
  nextPace,
  paceBounds,
  type Pace,
  type PaceReading,
} from '../../src/http/pace.ts';

const LEARNED = paceBounds(null);
const ROUTE = 'POST /v1/tables/{id}/rows';

const reading = (atMs: number, other: Partial<PaceReading> & { ms?: number } = {}): PaceReading => {
  const { ms = 50, ...rest } = other;
  return { route: ROUTE, sentAtMs: atMs - ms, atMs, end: 'answered', used: true, ...rest };
};

/** The pace after these readings, from the first one. */
const after = (readings: PaceReading[], limit: number | null = null, from?: Pace): Pace =>
  readings.reduce(
    (pace, each) => nextPace(pace, each, paceBounds(limit)),
    from ?? firstPace(limit),
  );

/** A reading each 100 ms for so many seconds, from a time on. */
const each100Ms = (
  fromMs: number,
  seconds: number,
  other: Partial<PaceReading> & { ms?: number } = {},
): PaceReading[] =>
  Array.from({ length: seconds * 10 }, (_, at) => reading(fromMs + (at + 1) * 100, other));

const refused = (atMs: number): PaceReading => reading(atMs, { end: 'refused' });

test('the first pace is ten requests a second or the limit of the operator', () => {
  expect(firstPace(null).perSecond).toBe(10);
  expect(firstPace(0.5).perSecond).toBe(0.5);
  expect(firstPace(300).perSecond).toBe(300);
});

test('before the first slow-down, each good reply adds two requests a second', () => {
  expect(after(each100Ms(0, 3)).perSecond).toBe(70);
});

test('before the first slow-down, a pace that is used up is five times as high within a second', () => {
  let pace = firstPace(null);
  for (let atMs = 0; atMs < 1_000; atMs += 1_000 / pace.perSecond) {
    pace = nextPace(pace, reading(atMs), LEARNED);
  }
  expect(pace.perSecond).toBeGreaterThanOrEqual(50);
});

test('an unused pace does not grow', () => {
  expect(after(each100Ms(0, 60, { used: false })).perSecond).toBe(10);
  const slowed = after([refused(100)]);
  expect(after(each100Ms(200, 60, { used: false }), null, slowed).perSecond).toBe(5);
});

test('after a slow-down that is forgotten, each second adds as much as the one before', () => {
  // 60 s take it beyond what was too fast.
  const borne = after([refused(100), ...each100Ms(200, 60)]);
  expect(borne.tooFast).toBeNull();
  const paces = [1, 2, 3].map((n) => after(each100Ms(60_200, n), null, borne).perSecond);
  const growth = paces.slice(1).map((pace, at) => pace - (paces[at] ?? 0));
  for (const each of growth) expect(each).toBeCloseTo(10, 5);
});

test('one burst of refusals halves the pace once', () => {
  const burst = Array.from({ length: 30 }, (_, at) => refused(1_000 + at));
  expect(after(burst).perSecond).toBe(5);
});

test('a refusal at the slower pace halves it again', () => {
  expect(after([refused(1_000), refused(1_100)]).perSecond).toBe(2.5);
});

test('failures say nothing of the pace', () => {
  const failures = each100Ms(0, 20, { end: 'failed', ms: 60_000 });
  expect(after(failures)).toEqual(firstPace(null));
});

test('after a refusal the pace grows past the refused one slowly', () => {
  const pace = after([...each100Ms(0, 5), refused(5_100)]);
  const tooFast = pace.tooFast ?? 0;
  expect(pace.perSecond).toBe(tooFast / 2);
  expect(after(each100Ms(5_200, 5), null, pace).perSecond).toBeGreaterThan(tooFast * 0.85);
  expect(after(each100Ms(5_200, 12), null, pace).perSecond).toBeLessThan(tooFast);
});

test('an API that bears more than it once refused is asked for more', () => {
  const pace = after([refused(100)]);
  expect(after(each100Ms(200, 60), null, pace).perSecond).toBeGreaterThan(50);
});

test('replies that take longer and longer halve the pace once for each doubling', () => {
  const quick = after(each100Ms(0, 3));
  const slow = each100Ms(10_000, 10, { ms: 1_000 });
  const once = after(slow, null, quick);
  expect(once.perSecond).toBeLessThan(quick.perSecond);
  expect(once.tooFast).toBe(quick.perSecond);
  const twice = after(each100Ms(30_000, 10, { ms: 3_000 }), null, once);
  expect(twice.tooFast).toBe(once.perSecond);
});

test('replies that one stall makes late slow nothing, however many they are', () => {
  const quick = after(each100Ms(0, 3));
  // Sent within a second, all answered when the machine goes on.
  const late = Array.from({ length: 100 }, (_, at) => reading(9_000 + at, { ms: 1_000 + at }));
  const stalls = [0, 5_000].flatMap((ms) =>
    late.map((each) => ({ ...each, sentAtMs: each.sentAtMs + ms, atMs: each.atMs + ms })),
  );
  expect(after(stalls, null, quick).tooFast).toBeNull();
});

test('single slow replies among quick ones slow nothing', () => {
  const stalls = each100Ms(0, 20).map((each, at) =>
    at % 3 === 0 ? reading(each.atMs, { ms: 60_000 }) : each,
  );
  expect(after(stalls).tooFast).toBeNull();
});

test('a route that always takes long is not slow', () => {
  const mixed = each100Ms(0, 20).map((each, at) =>
    at % 2 === 0 ? reading(each.atMs, { route: 'GET /slow', ms: 5_000 }) : each,
  );
  expect(after(mixed).tooFast).toBeNull();
});

test('whatever comes, the pace stays within its bounds', () => {
  const anyReading = fc.record({
    afterMs: fc.integer({ min: 0, max: 5_000 }),
    ms: fc.integer({ min: 0, max: 20_000 }),
    end: fc.constantFrom('answered' as const, 'refused' as const, 'failed' as const),
    used: fc.boolean(),
    route: fc.constantFrom('a', 'b', '__proto__'),
  });
  const limit = fc.option(fc.double({ min: 0.01, max: 1_000, noNaN: true }), { nil: null });
  fc.assert(
    fc.property(limit, fc.array(anyReading, { maxLength: 200 }), (limit, all) => {
      const bounds = paceBounds(limit);
      let atMs = 0;
      let pace = firstPace(limit);
      for (const { afterMs, ...each } of all) {
        atMs += afterMs;
        pace = nextPace(pace, reading(atMs, each), bounds);
        expect(pace.perSecond).toBeGreaterThanOrEqual(bounds.least);
        expect(pace.perSecond).toBeLessThanOrEqual(bounds.most);
      }
    }),
  );
});

test('what was learned survives a JSON round trip', () => {
  const pace = after([...each100Ms(0, 5), refused(5_100)]);
  expect(JSON.parse(JSON.stringify(pace))).toEqual(pace);
});

/** An API that refuses what is above its own limit in any second, for one client that always wants more. */
test('against an API with a limit of its own, most of the limit is used and few are refused', () => {
  const limit = 25;
  const sentAtMs: number[] = [];
  let pace = firstPace(null);
  let refusals = 0;
  let ended = 0;
  for (let nowMs = 0; nowMs < 300_000; nowMs += 1_000 / pace.perSecond) {
    sentAtMs.push(nowMs);
    const inWindow = sentAtMs.filter((at) => at > nowMs - 1_000).length;
    const end = inWindow > limit ? 'refused' : 'answered';
    if (end === 'refused') {
      sentAtMs.pop();
      refusals += 1;
    } else ended += 1;
    pace = nextPace(pace, reading(nowMs + 1, { ms: 1, end }), LEARNED);
  }
  expect(ended / 300).toBeGreaterThan(limit * 0.8);
  expect(refusals / ended).toBeLessThan(0.01);
});

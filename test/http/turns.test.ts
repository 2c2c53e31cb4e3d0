import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import fc from 'fast-check';
import { createLimiter, type Limiter } from '../../src/http/limiter.ts';

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

/** Asks once for a turn; notes the name when it comes. */
function ask(limiter: Limiter, name: string, turns: string[], pollWithinMs?: number): void {
  const options = pollWithinMs === undefined ? {} : { pollWithinMs };
  void limiter.take(undefined, options).then(() => turns.push(name));
}

/** Asks for work without end, four requests at once, until the clock is there. */
function busyUntil(limiter: Limiter, endAtMs: number): { sent: number } {
  const state = { sent: 0 };
  const send = async (): Promise<void> => {
    while (performance.now() < endAtMs) {
      await limiter.take();
      state.sent += 1;
    }
  };
  for (let nth = 0; nth < 4; nth += 1) void send();
  return state;
}

/** Polls again and again as a waiting run does; returns how late each was, beyond the time at which it was needed. */
function pollUntil(limiter: Limiter, endAtMs: number, everyMs: number): number[] {
  const lateMs: number[] = [];
  const poll = (): void => {
    const neededAtMs = performance.now() + everyMs;
    if (performance.now() >= endAtMs) return;
    void limiter.take(undefined, { pollWithinMs: everyMs }).then(() => {
      lateMs.push(performance.now() - neededAtMs);
      setTimeout(poll, everyMs);
    });
  };
  poll();
  return lateMs;
}

test('work goes before polls that came first', async () => {
  const limiter = createLimiter({ ratePerSecond: 1 });
  const turns: string[] = [];
  ask(limiter, 'first', turns);
  for (const name of ['poll a', 'poll b']) ask(limiter, name, turns, 60_000);
  ask(limiter, 'work', turns);
  await jest.advanceTimersByTimeAsync(10_000);
  expect(turns).toEqual(['first', 'work', 'poll a', 'poll b']);
});

test('of the polls, the one that is needed soonest goes first', async () => {
  const limiter = createLimiter({ ratePerSecond: 1 });
  const turns: string[] = [];
  ask(limiter, 'first', turns);
  for (const seconds of [60, 5, 30]) ask(limiter, `within ${seconds} s`, turns, seconds * 1_000);
  await jest.advanceTimersByTimeAsync(10_000);
  expect(turns).toEqual(['first', 'within 5 s', 'within 30 s', 'within 60 s']);
});

test('polls take half of the pace, evenly spread', async () => {
  const limiter = createLimiter({ ratePerSecond: 10 });
  const sentAtMs: number[] = [];
  for (let nth = 0; nth < 100; nth += 1) {
    void limiter
      .take(undefined, { pollWithinMs: 60_000 })
      .then(() => sentAtMs.push(performance.now()));
  }
  await jest.advanceTimersByTimeAsync(10_000);
  const gaps = sentAtMs.slice(1).map((atMs, at) => atMs - (sentAtMs[at] ?? 0));
  expect(new Set(gaps)).toEqual(new Set([200]));
});

/** Time in which one request after the other, each answered after a while, is through. */
async function sequenceMs(limiter: Limiter, requests: number, answerMs: number): Promise<number> {
  const beganAtMs = performance.now();
  let endedAtMs = 0;
  const sequence = async (): Promise<void> => {
    for (let nth = 0; nth < requests; nth += 1) {
      await limiter.take();
      await new Promise((resolve) => setTimeout(resolve, answerMs));
    }
    endedAtMs = performance.now();
  };
  void sequence();
  await jest.advanceTimersByTimeAsync(600_000);
  return endedAtMs - beganAtMs;
}

test.each([100, 1_000])(
  'a load of many requests beside %d waiting runs takes at most 1.5 × its time alone',
  async (runs) => {
    for (const answerMs of [5, 50, 150, 400]) {
      const alone = await sequenceMs(createLimiter({ ratePerSecond: 10 }), 100, answerMs);
      const limiter = createLimiter({ ratePerSecond: 10 });
      for (let nth = 0; nth < runs; nth += 1) {
        pollUntil(limiter, performance.now() + 700_000, 5_000 + nth);
      }
      await jest.advanceTimersByTimeAsync(60_000);
      expect(await sequenceMs(limiter, 100, answerMs)).toBeLessThanOrEqual(1.5 * alone);
    }
  },
);

test('work without end delays no poll by more than five requests for each waiting run', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 40 }),
      fc.integer({ min: 2, max: 50 }),
      fc.integer({ min: 1_000, max: 20_000 }),
      async (runs, ratePerSecond, everyMs) => {
        const limiter = createLimiter({ ratePerSecond });
        const endAtMs = performance.now() + 120_000;
        const work = busyUntil(limiter, endAtMs + 120_000);
        const late = Array.from({ length: runs }, (_, nth) =>
          pollUntil(limiter, endAtMs, everyMs + nth * 10),
        );
        await jest.advanceTimersByTimeAsync(240_000);
        // What leaves in a second may leave at its beginning.
        const boundMs = (runs * 5 * 1_000) / ratePerSecond + 2_000;
        for (const each of late) {
          expect(each.length).toBeGreaterThan(0);
          expect(Math.max(...each)).toBeLessThanOrEqual(boundMs);
        }
        expect(work.sent).toBeGreaterThanOrEqual(0.75 * 240 * ratePerSecond);
        await jest.advanceTimersByTimeAsync(240_000);
      },
    ),
    { numRuns: 25 },
  );
});

test('a poll that goes before it is needed was not held back', async () => {
  const limiter = createLimiter({ ratePerSecond: 1 });
  const held: boolean[] = [];
  for (const withinMs of [10_000, 10_001, 3_000]) {
    void limiter.take(undefined, { pollWithinMs: withinMs }).then((each) => held.push(each));
  }
  await jest.advanceTimersByTimeAsync(10_000);
  expect(held).toEqual([false, false, false]);
  void limiter.take();
  const late = limiter.take(undefined, { pollWithinMs: 1 });
  await jest.advanceTimersByTimeAsync(10_000);
  expect(await late).toBe(true);
});

test('a poll that comes before there is a share waits without a timer', async () => {
  const limiter = createLimiter({ ratePerSecond: 10, firstShare: 0 });
  const turns: string[] = [];
  ask(limiter, 'poll', turns, 1_000);
  expect(jest.getTimerCount()).toBe(0);
  limiter.share({ steps: [{ fromMs: 0, share: 1 }], used: 1, limit: null });
  await jest.advanceTimersByTimeAsync(1);
  expect(turns).toEqual(['poll']);
});

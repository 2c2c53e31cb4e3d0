import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import fc from 'fast-check';
import { createLimiter } from '../../src/http/limiter.ts';
import type { Limiter } from '../../src/http/limiter.ts';
import type { PaceReading } from '../../src/http/pace.ts';
import { failureOf } from './calls.ts';

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Takes `count` times at once; gives the counter of those let through. */
function takeMany(limiter: Limiter, count: number): { passed: number[] } {
  const state = { passed: [] as number[] };
  for (let nth = 1; nth <= count; nth += 1) {
    void limiter.take().then(() => state.passed.push(nth));
  }
  return state;
}

test('requests beyond the share of a second wait in order', async () => {
  const state = takeMany(createLimiter({ ratePerSecond: 3 }), 8);
  await jest.advanceTimersByTimeAsync(999);
  expect(state.passed).toEqual([1, 2, 3]);
  await jest.advanceTimersByTimeAsync(1);
  expect(state.passed).toEqual([1, 2, 3, 4, 5, 6]);
  await jest.advanceTimersByTimeAsync(1_000);
  expect(state.passed).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
});

test('no second has more requests than the rate', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 12 }),
      fc.array(
        fc.record({
          afterMs: fc.integer({ min: 0, max: 700 }),
          count: fc.integer({ min: 0, max: 9 }),
        }),
        { maxLength: 20 },
      ),
      async (ratePerSecond, asks) => {
        const limiter = createLimiter({ ratePerSecond });
        const sentAtMs: number[] = [];
        let asked = 0;
        for (const { afterMs, count } of asks) {
          await jest.advanceTimersByTimeAsync(afterMs);
          asked += count;
          for (let nth = 0; nth < count; nth += 1) {
            void limiter.take().then(() => sentAtMs.push(performance.now()));
          }
        }
        await jest.advanceTimersByTimeAsync(200_000);
        expect(sentAtMs).toHaveLength(asked);
        for (const [nth, atMs] of sentAtMs.entries()) {
          const later = sentAtMs[nth + ratePerSecond] ?? Number.POSITIVE_INFINITY;
          expect(later - atMs).toBeGreaterThanOrEqual(1_000);
        }
      },
    ),
    { numRuns: 60 },
  );
});

test('over ten seconds the rate is used up', async () => {
  const state = takeMany(createLimiter({ ratePerSecond: 7 }), 500);
  await jest.advanceTimersByTimeAsync(9_999);
  expect(state.passed.length).toBe(70);
});

test('less than one a second is possible', async () => {
  const state = takeMany(createLimiter({ ratePerSecond: 0.5 }), 3);
  await jest.advanceTimersByTimeAsync(3_999);
  expect(state.passed).toEqual([1, 2]);
});

test('an aborted wait gives its place to the next', async () => {
  const limiter = createLimiter({ ratePerSecond: 1 });
  await limiter.take();
  const stop = new AbortController();
  const reason = new Error('cancelled');
  const aborted = expect(limiter.take(stop.signal)).rejects.toBe(reason);
  const next = takeMany(limiter, 1);
  stop.abort(reason);
  await aborted;
  await jest.advanceTimersByTimeAsync(1000);
  expect(next.passed).toEqual([1]);
  await expect(limiter.take(stop.signal)).rejects.toBe(reason);
  expect(jest.getTimerCount()).toBe(0);
});

test('when the last waiter goes away, no timer keeps the process alive', async () => {
  const limiter = createLimiter({ ratePerSecond: 0.001 });
  await limiter.take();
  const stop = new AbortController();
  const waiting = limiter.take(stop.signal);
  stop.abort(new Error('stop'));
  await expect(waiting).rejects.toThrow('stop');
  expect(jest.getTimerCount()).toBe(0);
});

test('a pause blocks all callers without a burst after it', async () => {
  const limiter = createLimiter({ ratePerSecond: 10 });
  limiter.blockFor(5000);
  const state = takeMany(limiter, 3);
  await jest.advanceTimersByTimeAsync(5000);
  expect(state.passed).toEqual([]);
  await jest.advanceTimersByTimeAsync(100);
  expect(state.passed).toEqual([1]);
  await jest.advanceTimersByTimeAsync(200);
  expect(state.passed).toEqual([1, 2, 3]);
});

test('a shorter pause does not end a longer one', async () => {
  const limiter = createLimiter({ ratePerSecond: 10 });
  limiter.blockFor(8000);
  limiter.blockFor(10);
  const state = takeMany(limiter, 1);
  await jest.advanceTimersByTimeAsync(8000);
  expect(state.passed).toEqual([]);
});

test('a pause longer than maxQueueMs is returned as rate_limited', async () => {
  const limiter = createLimiter({ ratePerSecond: 1, maxQueueMs: 1000 });
  await limiter.take();
  const waiting = failureOf(limiter.take());
  limiter.blockFor(60_000);
  expect(await waiting).toMatchObject({ code: 'rate_limited', retryAfterMs: 60_000 });
  await jest.advanceTimersByTimeAsync(20_000);
  const late = await failureOf(limiter.take());
  expect(late).toMatchObject({ code: 'rate_limited', retryAfterMs: 40_000, ambiguous: false });
});

test('a request that may go during a pause does not wait for it', async () => {
  const limiter = createLimiter({ ratePerSecond: 1, maxQueueMs: 1000 });
  limiter.blockFor(60_000);
  await limiter.take(undefined, { duringPause: true });
  expect(await failureOf(limiter.take())).toMatchObject({ code: 'rate_limited' });
});

/** A reply now to a request that was sent so long ago, at a pace in use. */
const reading = (end: PaceReading['end'], ms = 20): PaceReading => ({
  route: 'GET /v1/tables/{id}',
  sentAtMs: performance.now() - ms,
  atMs: performance.now(),
  end,
  used: true,
});

/** Sends as many requests as are let through, four at once; returns their number. */
async function busyFor(limiter: Limiter, ms: number, answerMs = 10): Promise<number> {
  const endAtMs = performance.now() + ms;
  let sent = 0;
  const send = async (): Promise<void> => {
    while (performance.now() < endAtMs) {
      const used = await limiter.take();
      if (performance.now() >= endAtMs) return;
      sent += 1;
      await sleep(answerMs);
      limiter.learn({ ...reading('answered', answerMs), used });
    }
  };
  const senders = Promise.all(Array.from({ length: 4 }, send));
  await jest.advanceTimersByTimeAsync(ms + 60_000);
  await senders;
  return sent;
}

test('a refusal halves the requests of the second that follows', async () => {
  const limiter = createLimiter({ ratePerSecond: 10 });
  const state = takeMany(limiter, 1_000);
  await jest.advanceTimersByTimeAsync(999);
  limiter.learn(reading('refused'));
  const before = state.passed.length;
  await jest.advanceTimersByTimeAsync(3_000);
  expect(state.passed.length - before).toBeLessThanOrEqual(15);
  expect(state.passed.length - before).toBeGreaterThan(5);
});

test('the operator’s limit is never exceeded, whatever is learned', async () => {
  const limiter = createLimiter({ ratePerSecond: 7 });
  expect(await busyFor(limiter, 10_000)).toBeLessThanOrEqual(70);
  expect(limiter.pace.perSecond).toBe(7);
});

test('without a limit, requests that are answered well soon go as they come', async () => {
  const limiter = createLimiter();
  // Four at once, 40 ms each: a hundred a second.
  expect(await busyFor(limiter, 3_000, 40)).toBeGreaterThan(280);
});

test('without a limit, ten requests go before the first reply', async () => {
  const state = takeMany(createLimiter(), 100);
  await jest.advanceTimersByTimeAsync(900);
  expect(state.passed).toHaveLength(10);
});

test.each([
  [5, [false, false, false, false, false]],
  [8, [false, false, false, false, false, true, true, true]],
])('the pace is in use once half of it was sent: %d requests', async (requests, used) => {
  const limiter = createLimiter({ ratePerSecond: 10 });
  expect(await Promise.all(Array.from({ length: requests }, () => limiter.take()))).toEqual(used);
  await jest.advanceTimersByTimeAsync(1_000);
  expect(await limiter.take()).toBe(false);
});

test('a pace that grows lets those who wait go sooner', async () => {
  const limiter = createLimiter();
  const state = takeMany(limiter, 30);
  await jest.advanceTimersByTimeAsync(10);
  expect(state.passed).toHaveLength(10);
  limiter.learn(reading('answered', 5));
  await jest.advanceTimersByTimeAsync(10);
  // Each good reply adds two requests a second.
  expect(state.passed).toHaveLength(12);
});

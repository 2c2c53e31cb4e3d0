import { expect, jest, test } from '@jest/globals';
import {
  createFence,
  fence,
  outsideOfSteps,
  withinFence,
  type Fence,
  type FenceOptions,
} from '../src/fence.ts';
import { eventually } from './support/eventually.ts';

const TIMEOUT_MS = 30_000;

const OVER = new Error('another worker may have the step');

const fenceOf = (confirm: FenceOptions['confirm'], options: Partial<FenceOptions> = {}): Fence =>
  createFence({
    confirm,
    heartbeatTimeoutMs: TIMEOUT_MS,
    startToCloseMs: 3_600_000,
    signal: new AbortController().signal,
    over: () => OVER,
    ...options,
  });

/** An answer that comes when the test says so. */
function later<T>() {
  let resolve: (answer: T) => void = () => undefined;
  const promise = new Promise<T>((settle) => (resolve = settle));
  return { promise, resolve: (answer: T) => resolve(answer) };
}

/** Counts the changes that have left. */
function changes() {
  const left: number[] = [];
  return { left, make: () => Promise.resolve(left.push(1)) };
}

/** The clocks of this process run ahead from now on, as after it stood still. */
function standStill(ms: number, clocks: 'both' | 'wall clock alone' = 'both'): void {
  const [date, monotonic] = [Date.now.bind(Date), performance.now.bind(performance)];
  jest.spyOn(Date, 'now').mockImplementation(() => date() + ms);
  if (clocks === 'both') jest.spyOn(performance, 'now').mockImplementation(() => monotonic() + ms);
}

test('a change leaves once the server has confirmed the attempt', async () => {
  const confirmed = later<boolean>();
  const { left, make } = changes();
  const changed = fenceOf(() => confirmed.promise).change(make);
  await Promise.resolve();
  expect(left).toEqual([]);
  confirmed.resolve(true);
  await changed;
  expect(left).toEqual([1]);
});

test('many changes need one confirmation', async () => {
  const confirm = jest.fn(() => Promise.resolve(true));
  const { left, make } = changes();
  const at = fenceOf(confirm);
  await Promise.all(Array.from({ length: 50 }, () => at.change(make)));
  for (let n = 0; n < 50; n += 1) await at.change(make);
  expect([left.length, confirm.mock.calls.length]).toEqual([100, 1]);
});

test('without an answer of the server a change waits for one', async () => {
  const confirm = jest
    .fn<FenceOptions['confirm']>()
    .mockRejectedValueOnce(new Error('14 UNAVAILABLE'))
    .mockResolvedValue(true);
  const { left, make } = changes();
  await fenceOf(confirm).change(make);
  expect([left.length, confirm.mock.calls.length]).toEqual([1, 2]);
});

test('an attempt that is over changes nothing', async () => {
  const { left, make } = changes();
  await expect(fenceOf(() => Promise.resolve(false)).change(make)).rejects.toBe(OVER);
  expect(left).toEqual([]);
});

test('a step that is cancelled does not wait for the server', async () => {
  const stop = new AbortController();
  const { left, make } = changes();
  const confirm = () => Promise.reject(new Error('14 UNAVAILABLE'));
  const changed = fenceOf(confirm, { signal: stop.signal }).change(make);
  stop.abort();
  await expect(changed).rejects.toBe(OVER);
  expect(left).toEqual([]);
});

test.each(['both', 'wall clock alone'] as const)(
  'after it stood still (%s) a process changes nothing before the server has answered again',
  async (clocks) => {
    const confirm = jest.fn<FenceOptions['confirm']>().mockResolvedValueOnce(true);
    const { left, make } = changes();
    const at = fenceOf(confirm);
    await at.change(make);
    standStill(TIMEOUT_MS, clocks);
    expect(at.isOpen()).toBe(false);
    confirm.mockResolvedValue(false);
    await expect(at.change(make)).rejects.toBe(OVER);
    expect(left).toEqual([1]);
    jest.restoreAllMocks();
  },
);

test('an answer to a question from before it stood still confirms nothing', async () => {
  const first = later<boolean>();
  const confirm = jest
    .fn<FenceOptions['confirm']>()
    .mockReturnValueOnce(first.promise)
    .mockResolvedValue(false);
  const { left, make } = changes();
  const changed = fenceOf(confirm).change(make);
  standStill(TIMEOUT_MS);
  first.resolve(true);
  await expect(changed).rejects.toBe(OVER);
  expect(left).toEqual([]);
  jest.restoreAllMocks();
});

test('what is on its way is broken off where the server does not answer any more', async () => {
  const confirm = jest
    .fn<FenceOptions['confirm']>()
    .mockResolvedValueOnce(true)
    .mockRejectedValue(new Error('14 UNAVAILABLE'));
  const at = fenceOf(confirm, { heartbeatTimeoutMs: 300 });
  const broken = at.change(
    (closing) =>
      new Promise((_, reject) => {
        closing.addEventListener('abort', () => reject(closing.reason as Error));
      }),
  );
  await expect(broken).rejects.toMatchObject({ code: 'FENCE_CLOSED' });
});

test('what takes longer than the time-out goes on while the server answers', async () => {
  const confirm = jest.fn(() => Promise.resolve(true));
  const at = fenceOf(confirm, { heartbeatTimeoutMs: 120 });
  const end = later<boolean>();
  const changed = at.change(async (closing) => {
    await end.promise;
    return closing.aborted;
  });
  await eventually('it was asked often', () => confirm.mock.calls.length > 5);
  end.resolve(true);
  expect(await changed).toBe(false);
});

test('nothing leaves when the time of the attempt is about to end, whatever its heartbeats', async () => {
  const confirm = jest.fn<FenceOptions['confirm']>().mockResolvedValueOnce(true);
  confirm.mockResolvedValue(false);
  const { left, make } = changes();
  const at = fenceOf(confirm, { startToCloseMs: TIMEOUT_MS / 2 });
  await expect(at.change(make)).rejects.toBe(OVER);
  expect(left).toEqual([]);
});

test('outside of a step nothing is held back', async () => {
  const { left, make } = changes();
  await fence().change(make);
  expect([left.length, fence().isOpen()]).toEqual([1, true]);
});

test('what a step begins for the whole process is not held back with it', async () => {
  const { left, make } = changes();
  const over = fenceOf(() => Promise.resolve(false));
  await withinFence(over, () => outsideOfSteps(async () => fence().change(make)));
  expect(left).toEqual([1]);
});

test('a step finds its own fence', async () => {
  const [one, other] = [fenceOf(() => Promise.resolve(true)), fenceOf(() => Promise.resolve(true))];
  const found = await Promise.all(
    [one, other].map((at) => withinFence(at, async () => (await Promise.resolve(), fence()))),
  );
  expect([found[0] === one, found[1] === other]).toEqual([true, true]);
});

import { once } from 'node:events';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { withLocks } from '../../src/sinks/lock/lock.ts';
import { runAlone } from '../store/own-process.ts';
import { newPlace } from '../store/place.ts';

/** Time passes as fast as it is waited for. */
const sleep = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('of many that want it one at a time has it, whatever the order they name it in', async () => {
  const place = newPlace();
  const [a, b] = [join(place, 'a.lock'), join(place, 'b.lock')];
  let inside = 0;
  let most = 0;
  const work = async () => {
    inside += 1;
    most = Math.max(most, inside);
    for (let turn = 0; turn < 5; turn += 1) await sleep();
    inside -= 1;
  };
  const short = (): Promise<unknown> => new Promise((resolve) => setTimeout(resolve, 1));
  await Promise.all(
    [[a, b], [b, a], [b], [a, b], [b, a]].map((files) => withLocks(files, short, work)),
  );
  expect(most).toBe(1);
  expect(await readdir(place)).toEqual([]);
});

test('the lock of a killed process is taken over at once', async () => {
  const file = join(newPlace(), 'x.lock');
  const holder = runAlone(new URL('lock-holder.ts', import.meta.url).pathname, [file]);
  if (holder.stdout !== null) await once(holder.stdout, 'data');
  holder.kill('SIGKILL');
  await once(holder, 'exit');
  let waits = 0;
  const counted = async () => {
    waits += 1;
    await sleep();
  };
  expect(await withLocks([file], counted, () => Promise.resolve('done'))).toBe('done');
  expect(waits).toBe(0);
});

test.each([
  ['of another machine', JSON.stringify({ token: 't', machine: 'elsewhere', pid: 1 })],
  ['cut off while it was written', '{"token":'],
])('a lock %s is taken over after 30 s', async (_what, text) => {
  const place = newPlace();
  const file = join(place, 'x.lock');
  await writeFile(file, text);
  let waitedMs = 0;
  const waiting = async (ms: number) => {
    waitedMs += ms;
    await sleep();
  };
  await withLocks([file], waiting, () => Promise.resolve());
  expect(waitedMs).toBeGreaterThanOrEqual(30_000);
  expect(waitedMs).toBeLessThan(40_000);
  expect(await readdir(place)).toEqual([]);
});

test('two that find the same lock left do not both have it', async () => {
  const place = newPlace();
  const file = join(place, 'x.lock');
  await writeFile(file, JSON.stringify({ token: 't', machine: 'elsewhere', pid: 1 }));
  let inside = 0;
  const work = async () => {
    inside += 1;
    expect(inside).toBe(1);
    for (let turn = 0; turn < 20; turn += 1) await sleep();
    inside -= 1;
  };
  // Each waits the same time, many times as fast.
  const fast = (ms: number): Promise<unknown> => new Promise((done) => setTimeout(done, ms / 100));
  await Promise.all([1, 2, 3, 4].map(() => withLocks([file], fast, work)));
  expect(await readdir(place)).toEqual([]);
});

test('a worker delayed until its lock was taken over stops', async () => {
  const file = join(newPlace(), 'x.lock');
  const late = withLocks([file], sleep, async (held) => {
    await held.confirm();
    await writeFile(file, JSON.stringify({ token: 'other', machine: 'elsewhere', pid: 1 }));
    await held.confirm();
  });
  await expect(late).rejects.toMatchObject({ code: 'sink_unwritable', where: file });
});

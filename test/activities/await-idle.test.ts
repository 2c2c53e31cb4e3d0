import { afterEach, expect, test } from '@jest/globals';
import { readdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { queryObjects } from 'node:v8';
import { MockActivityEnvironment } from '@temporalio/testing';
import { awaitIdle, type WaitedSlice } from '../../activities/await-idle.ts';
import { startTracking } from '../../src/rules/passes/tracking.ts';
import { createLimiter, type TakeOptions } from '../../src/http/limiter.ts';
import { createFileStore } from '../../src/store/disk/file-store.ts';
import { closeServers, json, serve } from '../http/server.ts';
import { TINY } from '../providers/tiny/provider.ts';
import { TOKEN } from '../support/token.ts';

afterEach(closeServers);

const HOUR_MS = 3_600_000;
const POLICY = { minPollIntervalMs: 5, maxPollIntervalMs: 10, stallAfterMs: HOUR_MS / 2 };

/** Checks whether the cells are done at the reading of this number; the store is in `folder`. */
type IsDone = (reading: number, folder: string) => boolean;

const afterThreeReadings: IsDone = (reading) => reading > 3;

/** Ten cells in progress until they are done. */
async function tenCells(isDone: IsDone, folder: string): Promise<string> {
  let readings = 0;
  const { url } = await serve((res, request, nth) => {
    readings += 1;
    const done = isDone(readings, folder) ? 10 : 0;
    const status = { columns: [], rows: 10, cells: 10, done, busy: 10 - done, failed: 0 };
    json(status)(res, request, nth);
  });
  return url;
}

/** Runs a slice to its end on a worker whose time is `now`; the pass began at 0. */
async function endOf(
  now: () => number,
  limiter = createLimiter(),
  isDone = afterThreeReadings,
): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'rowmill-wait-'));
  const provider = TINY.create({ token: TOKEN, baseUrl: await tenCells(isDone, folder), limiter });
  const providers = { names: ['tiny'], spec: () => TINY.spec, get: () => provider };
  const deps = { providers, store: createFileStore(folder), searchAttributes: false, now };
  const tracking = startTracking({ doneAtStart: 0, requestedCells: 10, requireProgress: false }, 0);
  const input = {
    run: { workflowId: 'waits', firstRunId: 'r' },
    provider: 'tiny',
    table: { id: 't', url: null, columns: [] },
    tableRun: { operations: [], requestedCells: 10 },
    tracking,
    policy: POLICY,
    deadlineAtMs: 100 * HOUR_MS,
    trouble: { mayYield: false, sinceMs: null },
  };
  try {
    const env = new MockActivityEnvironment();
    return (
      await env.run<[], WaitedSlice, () => Promise<WaitedSlice>>(() => awaitIdle(deps)(input))
    ).end;
  } finally {
    await rm(folder, { recursive: true });
  }
}

test('a pass without readings for long does not stall at the first one', async () => {
  expect(await endOf(() => HOUR_MS)).toBe('idle');
});

test('a pass does not stall because the worker learns in the middle what time it is', async () => {
  let looks = 0;
  expect(await endOf(() => (++looks > 4 ? HOUR_MS : 0))).toBe('idle');
});

test('it ends by its deadline in the time that the worker has learnt', async () => {
  let looks = 0;
  expect(await endOf(() => (++looks > 4 ? 100 * HOUR_MS : 0))).toBe('deadline');
});

test('each reading is a poll, needed within the time between two of them', async () => {
  const asked: TakeOptions[] = [];
  const limiter = createLimiter();
  const take = (signal?: AbortSignal, options: TakeOptions = {}): Promise<boolean> => {
    asked.push(options);
    return limiter.take(signal, options);
  };
  await endOf(() => 0, { ...limiter, take });
  expect(asked.length).toBeGreaterThan(3);
  for (const { pollWithinMs } of asked) {
    expect(pollWithinMs).toBeGreaterThanOrEqual(POLICY.minPollIntervalMs);
    expect(pollWithinMs).toBeLessThanOrEqual(POLICY.maxPollIntervalMs);
  }
});

test('readings are kept for the report before the slice ends', async () => {
  const hasCourse = (folder: string): boolean =>
    readdirSync(folder, { recursive: true }).some((name) => String(name).endsWith('course.json'));
  const end = await endOf(
    () => HOUR_MS,
    createLimiter(),
    (_reading, folder) => hasCourse(folder),
  );
  expect(end).toBe('idle');
});

test('a wait keeps nothing of its polls', async () => {
  const timer = setTimeout(() => undefined, 0);
  const timers: number[] = [];
  await endOf(
    () => 0,
    createLimiter({ ratePerSecond: 1_000 }),
    (reading) => {
      if (reading % 100 === 0) {
        timers.push(queryObjects(timer.constructor, { format: 'count' }));
      }
      return reading > 200;
    },
  );
  const [after100 = 0, after200 = 0] = timers;
  expect(after100).toBeGreaterThan(0);
  expect(after200 - after100).toBeLessThan(20);
});

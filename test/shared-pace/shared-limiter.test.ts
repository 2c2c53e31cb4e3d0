import {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  expect,
  jest,
  test,
} from '@jest/globals';
import fc from 'fast-check';
import { createSharedLimiter } from '../../src/shared-pace/shared-limiter.ts';
import type { Store } from '../../src/store/store.ts';
import { takenOver } from '../support/closed-fence.ts';
import { startS3Server, type S3Server } from '../support/s3-server.ts';
import { diskStore, s3Store } from '../store/stores.ts';
import {
  mostInASecond,
  pass,
  sentWithin,
  startWorker,
  TOKEN,
  useVirtualTime,
  type Api,
  type Worker,
} from './workers.ts';

let server: S3Server;
beforeAll(async () => {
  server = await startS3Server();
});
afterAll(() => server.stop());

beforeEach(useVirtualTime);
afterEach(() => {
  jest.useRealTimers();
});

/** Time within which a worker that comes or goes is counted. */
const SOON_MS = 10_000;

const beats = (store: Store) => store.paces.list(`${TOKEN}/`);

/** Counts of the requests of each worker in the last so many ms. */
const each = (workers: readonly Worker[], ms: number) =>
  workers.map((worker) => sentWithin([worker], ms));

describe.each([
  ['on disk', () => diskStore().store],
  ['on S3', () => s3Store(server).store],
])('workers that share a token over a store %s', (_, open) => {
  let store: Store;
  let workers: Worker[];
  beforeEach(() => {
    store = open();
    workers = [];
  });
  afterEach(async () => {
    for (const worker of workers) worker.kill();
    await pass(100);
  });
  const start = (rate: number | null, api?: Api): Worker => {
    const worker = startWorker(store, rate, api);
    workers.push(worker);
    worker.busy(true);
    return worker;
  };

  test('a worker goes on sharing after the step that sent the first request was taken over', async () => {
    const worker = await takenOver(() => Promise.resolve(start(9)));
    await pass(3_000);
    expect(worker.look()?.problem).toBeNull();
    expect(await beats(store)).not.toEqual([]);
  });

  test('no second has more than the limit while workers come and go', async () => {
    start(9);
    await pass(3_000);
    expect(sentWithin(workers, 1_000)).toBe(9);
    const second = start(9);
    await pass(700);
    const third = start(9);
    await pass(SOON_MS);
    expect(each(workers, 4_000)).toEqual([12, 12, 12]);
    third.kill();
    await pass(SOON_MS);
    expect(sentWithin(workers, 2_000)).toBe(18);
    second.busy(false);
    const left = second.shared.leave();
    await pass(1_000);
    await left;
    await pass(SOON_MS / 2);
    expect(each(workers, 1_000)).toEqual([9, 0, 0]);
    expect(mostInASecond(workers)).toBe(9);
  });

  test('a worker that comes as another leaves sends nothing within the same second', async () => {
    const first = start(9);
    await pass(50);
    first.busy(false);
    const left = first.shared.leave();
    await pass(50);
    start(9);
    await Promise.all([left, pass(SOON_MS)]);
    expect(each(workers, 2_000)).toEqual([0, 18]);
    expect(mostInASecond(workers)).toBe(9);
  });

  test('a refusal that one worker sees slows all', async () => {
    let refused = false;
    const api: Api = (worker) => (refused && worker === workers[0] ? 'refused' : 'answered');
    for (let nth = 0; nth < 3; nth += 1) start(60, api);
    await pass(SOON_MS);
    expect(sentWithin(workers, 1_000)).toBe(60);
    refused = true;
    await pass(100);
    refused = false;
    await pass(2_500);
    const [first = 0, ...others] = workers.map(({ shared }) => shared.limiter.perSecond);
    expect(first).toBeLessThan(15);
    for (const other of others) expect(other).toBeLessThan(15);
  });

  test('a pause that the provider asks one worker for holds all', async () => {
    for (let nth = 0; nth < 2; nth += 1) start(20);
    await pass(SOON_MS);
    workers[0]?.shared.limiter.blockFor(12_000);
    await pass(3_000);
    expect(sentWithin(workers, 500)).toBe(0);
    await pass(8_000);
    expect(sentWithin(workers, 8_000)).toBe(0);
    await pass(6_000);
    for (const sent of each(workers, 3_000)) expect(sent).toBeGreaterThan(0);
  });

  test('a worker that comes starts with what the others have learned', async () => {
    start(null);
    await pass(5_000);
    const learned = workers[0]?.shared.limiter.pace.perSecond ?? 0;
    expect(learned).toBeGreaterThan(30);
    const newcomer = start(null);
    await pass(SOON_MS / 2);
    expect(newcomer.shared.limiter.pace.perSecond).toBeGreaterThanOrEqual(learned);
    expect(newcomer.shared.limiter.perSecond).toBeGreaterThan(learned / 3);
  });

  test('a worker that sends little leaves its share to the busy one', async () => {
    start(20);
    const idle = start(20);
    await pass(SOON_MS);
    idle.busy(false);
    await pass(30_000);
    expect(each(workers, 1_000)).toEqual([18, 0]);
  });

  test('the strictest limit holds for all', async () => {
    start(10);
    start(30);
    await pass(SOON_MS);
    expect(sentWithin(workers, 5_000)).toBe(50);
  });

  test('a worker that was silent for a minute comes back at once', async () => {
    const worker = start(10);
    await pass(2_000);
    expect(await beats(store)).toHaveLength(1);
    worker.busy(false);
    await pass(70_000);
    expect(await beats(store)).toEqual([]);
    worker.busy(true);
    await pass(200);
    expect(sentWithin(workers, 200)).toBe(10);
  });

  test('a worker cut off from the store lowers its share step by step', async () => {
    const worker = start(20);
    await pass(4_000);
    worker.store('no');
    await pass(2_000);
    expect(sentWithin(workers, 1_000)).toBe(20);
    await pass(8_000);
    expect(sentWithin(workers, 1_000)).toBe(10);
    expect(worker.look()?.problem?.code).toBe('store_unreachable');
    await pass(25_000);
    expect(sentWithin(workers, 1_000)).toBe(2);
    worker.store('yes');
    await pass(4_000);
    expect(sentWithin(workers, 1_000)).toBe(20);
    expect(worker.look()?.problem).toBeNull();
  });

  test('a worker that the store never answers starts with a tenth', async () => {
    const worker = start(20);
    worker.store('never');
    await pass(4_500);
    expect(sentWithin(workers, 4_500)).toBe(0);
    await pass(3_000);
    expect(sentWithin(workers, 1_000)).toBe(2);
    expect(worker.look()?.problem?.message).toContain('does not answer within 4 s');
  });

  test('a beat contains no token and no time', async () => {
    start(10);
    await pass(1_000);
    const [name = ''] = await beats(store);
    const own = await store.paces.readJson(name);
    expect(Object.keys(own as object).sort()).toEqual(['beat', 'machine', 'pid', 'token']);
    expect(name).toMatch(/^a{32}\/[0-9a-f]{12}\.\d+\.c10000-w1000-l10000-p10000-t_-s0-x0\.json$/);
  });
});

test('requests that come while a quiet worker removes its last beat are sent', async () => {
  const beatsThere = new Map<string, unknown>();
  let late: Promise<unknown> | undefined;
  const { limiter } = createSharedLimiter({
    token: TOKEN,
    folder: {
      ...diskStore().store.paces,
      list: () => Promise.resolve([...beatsThere.keys()]),
      writeJson: (name, value) => Promise.resolve(void beatsThere.set(name, value)),
      remove: (name) => {
        beatsThere.delete(name);
        // More than a second's worth: some of them wait.
        if (beatsThere.size === 0)
          late ??= Promise.all(Array.from({ length: 30 }, () => limiter.take()));
        return Promise.resolve();
      },
    },
  });
  await Promise.all([limiter.take(), pass(70_000)]);
  expect(late).toBeDefined();
  await Promise.all([late, pass(20_000)]);
});

test('no change of workers makes a second exceed the limit', async () => {
  const limit = 8;
  const step = fc.record({
    afterMs: fc.integer({ min: 50, max: 9_000 }),
    nth: fc.integer({ min: 0, max: 5 }),
    act: fc.constantFrom('start', 'start', 'busy', 'idle', 'kill', 'leave' as const),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 12 }), async (steps) => {
      const store = diskStore().store;
      const workers: Worker[] = [];
      const living = new Set<Worker>();
      for (const { afterMs, nth, act } of steps) {
        const worker = [...living][nth % Math.max(1, living.size)];
        if (act === 'start' && living.size < 6) {
          const comes = startWorker(store, limit);
          comes.busy(true);
          workers.push(comes);
          living.add(comes);
        } else if (worker !== undefined && act !== 'start') {
          if (act === 'busy' || act === 'idle') worker.busy(act === 'busy');
          else living.delete(worker);
          if (act === 'kill') worker.kill();
          if (act === 'leave') {
            worker.busy(false);
            const left = worker.shared.leave();
            await pass(1_050);
            await left;
          }
        }
        await pass(afterMs);
      }
      for (const worker of living) worker.busy(false);
      for (const worker of living) worker.busy(true);
      await pass(12_000);
      if (living.size > 0) expect(sentWithin(workers, 1_000)).toBe(limit);
      for (const worker of workers) worker.kill();
      expect(mostInASecond(workers)).toBeLessThanOrEqual(limit);
    }),
    { numRuns: Number(process.env['ROWMILL_FUZZ'] ?? 1) * 5 },
  );
}, 60_000);

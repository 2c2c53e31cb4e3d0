import { afterEach, expect, test } from '@jest/globals';
import type { FaultScript } from '../../sandbox/index.ts';
import { Caller, SECTOR } from './caller.ts';
import { callTables, newSheet } from './promptlayer-caller.ts';

let caller: Caller;
afterEach(() => caller.sandbox.close());

type Rule = NonNullable<FaultScript['requests']>[number];

/** A table of ten rows of either API; the status of one of its pages, or why it cannot be read. */
const OPEN = {
  extruct: async () => {
    const { id } = await caller.table(
      [SECTOR],
      Array.from({ length: 10 }, (_, n) => `Company ${n}`),
    );
    return (from: number, limit: number) =>
      pageOf(caller.call('GET', `/v1/tables/${id}/data?offset=${from}&limit=${limit}`));
  },
  promptlayer: async () => {
    const { path } = await newSheet(caller, 10);
    return (from: number, limit: number, order = 'asc') =>
      // Cursors are opaque: only the first page can be named.
      from > 0
        ? Promise.resolve(null)
        : pageOf(callTables(caller, 'GET', `${path}/rows?limit=${limit}&order=${order}`));
  },
};

const pageOf = (reply: Promise<{ status: number }>): Promise<number | 'unreadable'> =>
  reply.then(
    ({ status }) => status,
    () => 'unreadable' as const,
  );

const on = 'read-rows';
const providers = ['extruct', 'promptlayer'] as const;

const withFaults = async (...requests: Rule[]): Promise<void> => {
  caller = await Caller.start({ faults: { requests } });
};

test.each(providers)('%s refuses pages of more rows than its limit', async (provider) => {
  await withFaults({ on, fault: 'page-limit', rows: 4 });
  const page = await OPEN[provider]();
  expect([await page(0, 5), await page(0, 4)]).toEqual([422, 200]);
});

test.each(providers)('%s fails over one row, on each page that has it', async (provider) => {
  await withFaults({ on, fault: 'unreadable-rows', rows: [3] });
  const page = await OPEN[provider]();
  expect([await page(0, 4), await page(0, 3)]).toEqual([500, 200]);
  if (provider === 'promptlayer') return;
  expect([await page(3, 1), await page(4, 10)]).toEqual([500, 200]);
});

test('a place is that of the table, from whichever end the rows are read', async () => {
  await withFaults({ on, fault: 'unreadable-rows', rows: [0] });
  const page = await OPEN.promptlayer();
  expect([await page(0, 1), await page(0, 9, 'desc')]).toEqual([500, 200]);
});

test('a row that is written as no JSON can be', async () => {
  await withFaults({ on, fault: 'unreadable-rows', rows: [3], how: 'nan' });
  const page = await OPEN.extruct();
  expect([await page(0, 4), await page(0, 3)]).toEqual(['unreadable', 200]);
});

test.each([301, 400, 404, 409, 418])('a request is refused with %i', async (status) => {
  await withFaults({ on: 'read-status', fault: 'refuse', status });
  const { id } = await caller.table([SECTOR]);
  const headers = { authorization: 'Bearer secret' };
  const url = `${caller.sandbox.url}/v1/tables/${id}`;
  const reply = await fetch(url, { headers, redirect: 'manual' });
  expect(reply.status).toBe(status);
  expect(reply.headers.has('location')).toBe(status === 301);
});

test.each(['gzip', 'deflate', 'br'] as const)('a body is sent as %s', async (how) => {
  await withFaults({ on: 'read-account', fault: 'compressed', how });
  const reply = await caller.call('GET', '/v1/user');
  expect(reply.headers.get('content-encoding')).toBe(how);
  expect(reply.body).toHaveProperty('available_credits');
});

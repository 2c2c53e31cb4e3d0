import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { TableListItem } from '../../sandbox/index.ts';
import { Caller, SECTOR } from './caller.ts';

let caller: Caller;
beforeAll(async () => {
  caller = await Caller.start();
  await caller.table([SECTOR], ['3M', 'Amgen'], { name: 'Beta', tags: ['a', 'b'] });
  await caller.table([], [], { name: 'alpha run', tags: ['b'], kind: 'people' });
  await caller.table([SECTOR], ['3M'], { name: 'Gamma', tags: null });
});
afterAll(() => caller.sandbox.close());

const list = (query: string) => caller.call<TableListItem[]>('GET', `/v1/tables${query}`);
const names = async (query: string): Promise<string[]> =>
  (await list(query)).body.map(({ name }) => name);

test('an item has the documented fields', async () => {
  const { body } = await list('?search=beta');
  expect(body).toEqual([
    {
      id: expect.any(String),
      created_at: expect.any(String),
      updated_at: expect.any(String),
      name: 'Beta',
      description: null,
      tags: ['a', 'b'],
      kind: 'company',
      settings: { exclude_from_search: false },
      scope: 'personal',
      owner: { id: expect.any(String), email: expect.any(String) },
      num_rows: 2,
    },
  ]);
});

test('filters narrow and sorts order', async () => {
  expect(await names('')).toEqual(['Gamma', 'alpha run', 'Beta']);
  expect(await names('?kind=people')).toEqual(['alpha run']);
  expect(await names('?tags=b&sort=created_at')).toEqual(['Beta', 'alpha run']);
  expect(await names('?tags=b&tags=a&sort=-created_at')).toEqual(['alpha run', 'Beta']);
  expect(await names('?tags=a&tags=c')).toEqual(['Beta']);
  expect(await names('?tags=nobody')).toEqual([]);
  expect(await names('?search=RUN')).toEqual(['alpha run']);
  expect(await names('?sort=name')).toEqual(['alpha run', 'Beta', 'Gamma']);
  expect(await names('?sort=-num_rows')).toEqual(['Beta', 'Gamma', 'alpha run']);
});

test('pages carry their totals in headers', async () => {
  const { body, headers } = await list('?limit=2&offset=2');
  expect(body.map(({ name }) => name)).toEqual(['Beta']);
  const header = (name: string) => headers.get(`x-extruct-pagination-${name}`);
  expect(['total', 'total-pages', 'limit', 'offset', 'page'].map(header)).toEqual([
    '3',
    '2',
    '2',
    '2',
    '2',
  ]);
});

test('an invalid parameter of a list is refused', async () => {
  expect((await list('?limit=101')).status).toBe(400);
  for (const query of [
    '?limit=0',
    '?limit=x',
    '?offset=-1',
    '?kind=firm',
    '?sort=age',
    '?scope=all',
  ]) {
    expect((await list(query)).status).toBe(422);
  }
});

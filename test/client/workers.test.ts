import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { servedNow } from '../../src/client/workers.ts';
import { openHouse, type House } from '../support/house.ts';
import { until } from '../support/until.ts';

let house: House;
beforeAll(async () => (house = await openHouse()));
afterAll(() => house.close());

test('a clock that is ahead takes no live worker for dead', async () => {
  const { client, taskQueue } = house;
  await until('the worker polls', async () => (await servedNow(client, taskQueue)) === 'yes');
  const ahead = Date.now() + 3_600_000;
  expect(await servedNow(client, taskQueue, ahead)).toBe('perhaps');
  expect(await servedNow(client, taskQueue, Date.now() - 3_600_000)).toBe('yes');
  expect(await servedNow(client, `${taskQueue}-nobody`)).toBe('no');
});

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { inputFor, openHouse, type House, wholeRun } from '../support/house.ts';

let house: House;
beforeAll(async () => {
  house = await openHouse({ sandbox: { failRate: 0, hopelessRate: 0 } });
});
afterAll(() => house.close());

test('one row in, one row out', async () => {
  const input = await inputFor(house, [{ Symbol: 'MMM', Security: '3M' }]);
  const summary = await wholeRun(house, 'one-row', input);
  expect(summary.outcome).toBe('completed');
  const text = await readFile(summary.results[0]?.path ?? '', 'utf8');
  expect(JSON.parse(text)).toMatchObject({
    key: 'MMM',
    input: { input: '3M' },
    cells: { sector: { status: 'done', value: 'Industrials' } },
    complete: true,
  });
});

import { expect, test } from '@jest/globals';
import { accountReadMs } from '../../src/rules/account-wait.ts';

const MINUTE_MS = 60_000;
const YEAR_MS = 365 * 24 * 60 * MINUTE_MS;

test('the account is read less and less often, down to every five minutes', () => {
  const reads = [0, 1, 2, 20].map((number) => accountReadMs(number, 0));
  expect(reads).toEqual([15_000, 22_500, 33_750, 5 * MINUTE_MS]);
});

test('steps that are refused for a year though the account looks usable fit into one history', () => {
  let gone = 0;
  let waits = 0;
  for (; gone < YEAR_MS; waits += 1) gone += accountReadMs(0, waits);
  // Two activities with their workflow tasks, and what people are shown.
  expect(waits * 14).toBeLessThan(51_200);
  // Where the account itself says that it is empty, nothing is left in the history.
  expect(accountReadMs(9, waits)).toBe(5 * MINUTE_MS);
});

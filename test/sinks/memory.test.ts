import { once } from 'node:events';
import { expect, test } from '@jest/globals';
import { newPlace } from '../store/place.ts';
import { runAlone } from '../store/own-process.ts';

const MB = 1024 * 1024;

/** The most memory a process took to store and publish so many rows, in bytes. */
const weigh = async (rows: number, formats: string): Promise<number> => {
  const args = [newPlace(), `${rows}`, formats];
  // A small heap: garbage that could wait is not counted, and rows kept would not fit.
  const child = runAlone('test/sinks/publish-and-weigh.ts', args, ['--max-old-space-size=40']);
  const chunks = await child.stdout?.toArray();
  if (child.exitCode === null) await once(child, 'exit');
  expect(child.exitCode).toBe(0);
  return Number(chunks?.join(''));
};

test('100 000 rows of 1 KB take hardly more memory than 2 000', async () => {
  const few = await weigh(2_000, 'jsonl,csv');
  const many = await weigh(100_000, 'jsonl,csv');
  expect(many - few).toBeLessThan(50 * MB);
});

test('200 000 rows as Parquet take hardly more memory than 100 000', async () => {
  // Below that, memory still grows with what the collector leaves for later.
  const few = await weigh(100_000, 'parquet');
  const many = await weigh(200_000, 'parquet');
  expect(many - few).toBeLessThan(50 * MB);
});

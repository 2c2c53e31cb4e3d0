import { delimiter } from 'node:path';
import { expect, test } from '@jest/globals';
import { companionsOf, locksOf, realFootprint } from '../../src/paths/footprint.ts';
import { joinPlace, resolvePlace } from '../../src/paths/place.ts';
import { isBelow, realPlace } from '../../src/paths/real-path.ts';
import { rootsIn, whyNotRead, whyNotWrite } from '../../src/paths/roots.ts';

test.each([
  ['/data', 's3://bucket/x.csv', 's3://bucket/x.csv'],
  ['/data', 'S3://bucket/x/', 's3://bucket/x'],
  ['s3://bucket/a', 'out/x.csv', 's3://bucket/a/out/x.csv'],
  ['s3://bucket/a', './b/../x.csv', 's3://bucket/a/x.csv'],
  ['s3://bucket/a', '../../../x.csv', 's3://bucket/a/x.csv'],
  ['s3://bucket/a', '/data/x.csv', '/data/x.csv'],
  ['/data', 'x.csv', '/data/x.csv'],
])('in %s, %s is %s', (folder, path, place) => {
  expect(resolvePlace(folder, path)).toBe(place);
});

test('names are joined to an address without losing a slash of it', () => {
  expect(joinPlace('s3://bucket', 'a', 'b')).toBe('s3://bucket/a/b');
  expect(joinPlace('s3://bucket/', 'a')).toBe('s3://bucket/a');
  expect(joinPlace('/data', 'a')).toBe('/data/a');
});

test('an address is below a bucket or a prefix, never below a folder', async () => {
  expect(isBelow('s3://bucket', 's3://bucket/a/x.csv')).toBe(true);
  expect(isBelow('s3://bucket/a', 's3://bucket/a/x.csv')).toBe(true);
  expect(isBelow('s3://bucket/a', 's3://bucket/ab/x.csv')).toBe(false);
  expect(isBelow('s3://bucket/a', 's3://bucket/a')).toBe(false);
  // As a relative path it would be below both.
  expect(isBelow(process.cwd(), 's3://bucket/a/x.csv')).toBe(false);
  expect(isBelow('/', 's3://bucket/a/x.csv')).toBe(false);
  expect(isBelow('s3://bucket', '/bucket/x.csv')).toBe(false);
  expect(await realPlace('s3://bucket/a')).toBe('s3://bucket/a');
});

test('only the buckets and folders that a worker names are open', async () => {
  const folders = rootsIn(`/data${delimiter}s3://bucket/lists${delimiter}s3://other`);
  expect(folders).toEqual(['/data', 's3://bucket/lists', 's3://other']);
  const roots = { folders, store: 's3://bucket/store' };
  expect(await whyNotRead('s3://bucket/lists/x.csv', roots)).toBeNull();
  expect(await whyNotRead('s3://other/x.csv', roots)).toBeNull();
  expect(await whyNotRead('s3://bucket/private/x.csv', roots)).toMatch(/outside/);
  expect(await whyNotRead('s3://third/x.csv', { ...roots, folders: [process.cwd()] })).toMatch(
    /outside/,
  );
  expect(await whyNotWrite('s3://bucket/lists/x.csv', roots)).toBeNull();
  expect(await whyNotWrite('s3://bucket/private/x.csv', roots)).toMatch(/outside/);
});

test('results may stand in the store on S3 only outside of runs', async () => {
  const roots = { folders: null, store: 's3://bucket/store' };
  expect(await whyNotWrite('s3://bucket/store/exports/a/x.jsonl', roots)).toBeNull();
  expect(await whyNotWrite('s3://bucket/store/runs/a/x.jsonl', roots)).toMatch(/files of runs/);
  expect(await whyNotWrite('s3://bucket/x.jsonl', roots)).toBeNull();
});

test('what stands beside results on S3 has addresses there', async () => {
  expect(companionsOf({ to: 's3://bucket/a/x.csv' }).manifest).toBe(
    's3://bucket/a/x.manifest.json',
  );
  const footprint = await realFootprint('s3://bucket/x.csv');
  expect(footprint.quarantine).toBe('s3://bucket/x.quarantine.jsonl');
  for (const lock of locksOf(footprint)) expect(lock).toMatch(/^s3:\/\/bucket\/\.x\..*\.lock$/);
});

import { mkdir, realpath, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { isBelow, realPlace } from '../../src/paths/real-path.ts';
import { newPlace } from '../store/place.ts';

test('the real path follows every kind of link', async () => {
  const place = await realpath(newPlace());
  await mkdir(join(place, 'far'));
  await symlink('far', join(place, 'folder'));
  await symlink('folder/later.jsonl', join(place, 'dangling'));
  await symlink('dangling', join(place, 'twice'));
  await symlink('far/missing', join(place, 'gone'));
  const cases = {
    'folder/a/b.csv': 'far/a/b.csv',
    dangling: 'far/later.jsonl',
    twice: 'far/later.jsonl',
    'gone/x.csv': 'far/missing/x.csv',
    'folder/../x.csv': 'x.csv',
  };
  for (const [path, real] of Object.entries(cases)) {
    expect(await realPlace(join(place, path))).toBe(join(place, real));
  }
});

test('links that go round come to an end', async () => {
  const place = newPlace();
  await symlink('b', join(place, 'a'));
  await symlink('a', join(place, 'b'));
  await expect(realPlace(join(place, 'a', 'x.csv'))).resolves.toEqual(expect.any(String));
});

test('the folder itself is not below it', () => {
  expect(isBelow('/data', '/data/x.csv')).toBe(true);
  expect(isBelow('/data', '/data/..x.csv')).toBe(true);
  expect(isBelow('/', '/x.csv')).toBe(true);
  for (const path of ['/data', '/data-2/x.csv', '/x.csv'])
    expect(isBelow('/data', path)).toBe(false);
});

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT, run } from './installed.ts';

let folder = '';
let checkout = '';

/** Makes a checkout as it is after cloning and `npm ci`: nothing is built. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rowmill-checkout-'));
  checkout = join(folder, 'rowmill');
  const list = ['ls-files', '-z', '--cached', '--others', '--exclude-standard'];
  const files = execFileSync('git', list, { cwd: ROOT, encoding: 'utf8' }).split('\0');
  for (const file of files.filter((name) => name !== '' && !name.startsWith('test/'))) {
    await cp(join(ROOT, file), join(checkout, file));
  }
  // A folder of its own: the build keeps its drafts in there.
  const packages = join(checkout, 'node_modules');
  await mkdir(packages);
  for (const name of await readdir(join(ROOT, 'node_modules'))) {
    if (name !== '.cache') await symlink(join(ROOT, 'node_modules', name), join(packages, name));
  }
});

afterAll(() => rm(folder, { recursive: true, force: true }));

test('npx rowmill builds a fresh checkout once', async () => {
  // npx keeps a link to the command as it finds it the first time.
  const cache = { npm_config_cache: join(folder, 'npm') };
  const first = await run('npx', ['rowmill', '--version'], checkout, cache);
  expect(first).toEqual({ code: 0, stdout: '0.1.0\n', stderr: expect.stringMatching(/^Building/) });
  const second = await run('npx', ['rowmill', '--version'], checkout, cache);
  expect(second).toEqual({ code: 0, stdout: '0.1.0\n', stderr: '' });
});

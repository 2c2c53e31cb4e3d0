import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from '@jest/globals';
import { play, type Played } from '../play.ts';

const MAIN = fileURLToPath(new URL('main.ts', import.meta.url));
const FOUND = fileURLToPath(new URL('regressions/', import.meta.url));

const folder = mkdtempSync(join(tmpdir(), 'rowmill-chaos-nights-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const nights = (...args: string[]): Promise<Played> => play(MAIN, ...args);

test('in random nights with faults, kills and operators every cell asked for is due', async () => {
  const args = ['--scripts', '20', '--seconds', '60', '--seed', '1', '--folder', folder];
  const { code, text } = await nights(...args);
  expect({ code, text }).toMatchObject({
    code: 0,
    text: expect.stringMatching(/ [1-9]\d* scripts, .*, R13 = 0, 0 failures/),
  });
});

const scripts = readdirSync(FOUND);

test.each(scripts)('%s', async (name) => {
  const { code, text } = await nights('--replay', join(FOUND, name));
  expect({ code, text }).toMatchObject({
    code: 0,
    text: expect.stringContaining('0 things are wrong'),
  });
});

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { packageRoot } from '../../src/process/package-root.ts';
import { rowmill, workplaceWithPipeline, type Workplace } from './command.ts';

const LIST = new URL('list-packages.mjs', import.meta.url).href;

let place: Workplace;
beforeAll(async () => {
  place = await workplaceWithPipeline();
});
afterAll(() => place.remove());

const json = async (file: string): Promise<unknown> => JSON.parse(await readFile(file, 'utf8'));

/** Dependencies of the package that a command loads, each once. */
async function loadedBy(...args: string[]): Promise<string[]> {
  const file = join(place.cwd, 'loaded.json');
  const env = { ...place.env, NODE_OPTIONS: `--import=${LIST}`, LOADED_TO: file };
  await rowmill(args, { cwd: place.cwd, env }).endsWith(0);
  const loaded = (await json(file)) as string[];
  const { dependencies } = (await json(join(packageRoot(), 'package.json'))) as {
    dependencies: Record<string, string>;
  };
  return loaded.filter((name) => name in dependencies);
}

test.each(['--version', '-V'])('%s loads the parser of flags alone', async (flag) => {
  expect(await loadedBy(flag)).toEqual(['commander']);
});

test('check loads neither Temporal nor HTTP packages', async () => {
  expect(await loadedBy('check', 'pipeline.yaml')).toEqual([
    'commander',
    'csv-parse',
    'csv-stringify',
    'fastest-levenshtein',
    'ipaddr.js',
    're2js',
    'standardwebhooks',
    'string-width',
    'yaml',
    'zod',
  ]);
});

test('the help of a command loads nothing of what carries it out', async () => {
  expect(await loadedBy('run', '--help')).toEqual(['commander']);
});

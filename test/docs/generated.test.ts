import { expect, test } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { errorsPage } from '../../src/errors-page.ts';

const text = (path: string): Promise<string> =>
  readFile(new URL(`../../${path}`, import.meta.url), 'utf8');

test('docs/errors.md is what the table of error codes says', async () => {
  expect(await text('docs/errors.md')).toBe(errorsPage());
});

import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { ESLint, Linter } from 'eslint';
import { createProviders } from '../../src/providers/registry.ts';
import { PROVIDER_NAMES, PROVIDER_SPECS } from '../../src/providers/catalog.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Lines of a text that the project's rule refuses where the file stands. */
async function refusedLines(text: string, file: string): Promise<number[]> {
  const config = (await new ESLint({ cwd: ROOT }).calculateConfigForFile(file)) as Linter.Config;
  const rule = config.rules?.['no-restricted-syntax'] ?? 'off';
  const found = new Linter().verify(text, [{ rules: { 'no-restricted-syntax': rule } }]);
  return found.map(({ line }) => line);
}

const ASKS = `
if (provider === 'extruct') a();
if ('promptlayer' !== provider) a();
switch (provider) {
  case 'extruct':
}
['a', 'b'].includes('extruct');
byName['promptlayer'];
env['EXTRUCT_API_TOKEN'];
const example = { provider: 'extruct' };
`;

test.each(['src/cli/io/context.ts', 'src/text/numbers.ts', 'activities/run-files/open-cells.ts'])(
  'in %s code must not ask for a provider by name',
  async (file) => {
    expect(await refusedLines(ASKS, file)).toEqual([2, 3, 5, 7, 8, 9]);
  },
);

test('where providers live they are called by name', async () => {
  expect(await refusedLines(ASKS, 'src/providers/registry.ts')).toEqual([]);
});

test('names, specs and registry list the same providers', () => {
  expect(PROVIDER_SPECS.map(({ name }) => name)).toEqual([...PROVIDER_NAMES]);
  expect(createProviders({}).names).toEqual([...PROVIDER_NAMES]);
});

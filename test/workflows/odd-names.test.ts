import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ResultRow } from '../../src/contract/results.ts';
import { pipelineInputFor, startTestEnv, executeRun, type TestEnv } from '../support/test-env.ts';
import { CASES } from '../support/providers/cases.ts';
import { promptlayer } from '../support/providers/promptlayer.ts';
import type { ProviderCase } from '../support/providers/provider-case.ts';

/** A key of Extruct begins with a letter. */
const namesOf = ({ name }: ProviderCase): string[] => [
  name === promptlayer.name ? '__proto__' : 'valueOf',
  ...['constructor', 'toString', 'hasOwnProperty'],
];

let testEnv: TestEnv;
beforeAll(async () => {
  testEnv = await startTestEnv({ sandbox: { failRate: 0, alwaysFailsRate: 0 } });
});
afterAll(() => testEnv.close());

/** A row as a JSON parser makes it: each name its own. */
const row = JSON.parse(
  '{"__proto__":"MMM","constructor":"3M","toString":"x","hasOwnProperty":"y"}',
) as Record<string, string>;

/** The columns of one provider under the names that every object has. */
const columnsOf = (one: ProviderCase) => {
  const {
    name,
    tables: { two },
  } = one;
  const [first, ...others] = name === promptlayer.name ? two.columns.slice(1) : two.columns;
  const named = namesOf(one).map((title, at) => ({
    ...(at % 2 === 0 ? first : (others.at(-1) ?? first)),
    ...(name === promptlayer.name ? { title } : { key: title, name: title }),
  }));
  return name === promptlayer.name ? [two.columns[0], ...named] : named;
};

test.each(CASES.map((one) => [one.name, one] as const))(
  '%s: names that every object has are ordinary columns and keys',
  async (_provider, one) => {
    const names = namesOf(one);
    const [input = ''] = Object.keys(one.map);
    const fields = {
      table: { ...one.tables.two, columns: columnsOf(one) },
      rows: { inline: [row], key: '__proto__', map: { [input]: 'constructor' } },
      results: [{ to: `out/${one.name}.jsonl` }, { to: `out/${one.name}.csv` }],
    };
    const summary = await executeRun(testEnv, `names-${one.name}`, {
      ...(await pipelineInputFor(testEnv, [], fields, one)),
    });
    expect(summary).toMatchObject({ outcome: 'completed', cells: { done: names.length } });
    const [jsonl = '', csv = ''] = await Promise.all(
      summary.results.map(({ path }) => readFile(path, 'utf8')),
    );
    const { key, cells } = JSON.parse(jsonl) as ResultRow;
    expect(key).toBe('MMM');
    expect(Object.keys(cells).sort()).toEqual([...names].sort());
    for (const name of names) {
      const cell = Object.getOwnPropertyDescriptor(cells, name)?.value as ResultRow['cells'][''];
      expect(cell).toMatchObject({ status: 'done', value: expect.anything() });
    }
    const [header = ''] = csv.split('\n');
    for (const name of names) expect(header).toContain(name);
    const manifest = await readFile(
      join(testEnv.folder, 'out', `${one.name}.manifest.json`),
      'utf8',
    );
    for (const name of names) expect(manifest).toContain(`"${name}"`);
  },
);

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RunSummary } from '../../src/contract/run.ts';
import { extruct } from '../support/providers/extruct.ts';
import { startTestEnv, type TestEnv } from '../support/test-env.ts';
import { COMPANIES, pipelineText, workplace, type Workplace } from './command.ts';

const { chain } = extruct.tables;
const FIRST = { ...chain, columns: chain.columns.slice(0, -1), keep: true };
const ADDED = { ...chain, keep: true };
const REWORDED = { ...FIRST, columns: [...FIRST.columns, extruct.reworded.column], keep: true };
const ADDED_KEY = extruct.reworded.key;

let testEnv: TestEnv;
let place: Workplace;
beforeAll(async () => {
  testEnv = await startTestEnv({ sandbox: { failRate: 0, alwaysFailsRate: 0 } });
  place = await workplace(testEnv);
  await writeFile(join(place.cwd, 'companies.csv'), COMPANIES);
});
afterAll(async () => {
  await place.remove();
  await testEnv.close();
});

/** Writes the pipeline file, whose table is this one from now on. */
const file = async (table: object): Promise<void> =>
  writeFile(join(place.cwd, 'nights.json'), pipelineText({ name: 'cli-nights', table }));
const paid = (): number => testEnv.sandbox.ledger.summary().cellsPaid;

test('before the first run, a plan says that it makes the table', async () => {
  await file(FIRST);
  const { code, stdout } = await place.command('plan', 'nights.json');
  expect(stdout).toBe(
    'cli-nights has no table yet: the first run makes it, about 3 credits for 3 cells\n',
  );
  expect(code).toBe(0);
});

test('a table that has the columns of the file leaves nothing to do', async () => {
  expect((await place.command('run', 'nights.json')).code).toBe(0);
  const { code, stdout } = await place.command('plan', 'nights.json');
  expect(stdout).toMatch(
    /^cli-nights: 0 new rows, 0 changed, 3 kept .*, about 0 credits for 0 cells$/m,
  );
  expect(stdout).toMatch(/^The table has the columns of the file\.$/m);
  expect(code).toBe(0);
});

test('a plan with a new column ends with 2', async () => {
  await file(ADDED);
  const { code, stdout } = await place.command('plan', 'nights.json');
  expect(stdout).toContain('about 3 credits for 3 cells');
  expect(stdout).toMatch(new RegExp(`^${ADDED_KEY} +is added +3$`, 'm'));
  expect(code).toBe(2);
  expect(paid()).toBe(3);
});

test('apply adds the column of the file', async () => {
  const { code, stdout } = await place.command('apply', 'nights.json', '--yes');
  expect(code).toBe(0);
  expect(stdout).toMatch(/ completed$/m);
  expect(stdout).toMatch(/0 new rows, 0 changed, 0 gone, 3 cells new, 3 kept/);
  expect(paid()).toBe(6);
});

test('a plan in JSON has a changed column with its cells', async () => {
  await file(REWORDED);
  const { code, stdout } = await place.command('plan', 'nights.json', '--json');
  expect(JSON.parse(stdout)).toMatchObject({
    columns: [{ change: 'changed', column: ADDED_KEY, cells: 3 }],
    cells: 3,
    credits: 3,
    night: { columnsChanged: [ADDED_KEY], due: { changed: { [ADDED_KEY]: 3 } }, kept: 3 },
  });
  expect(code).toBe(2);
});

test('a run without apply leaves a changed column as it is', async () => {
  const { code, stdout } = await place.command('run', 'nights.json', '--json', '--new');
  expect(code).toBe(0);
  const { incremental } = JSON.parse(stdout) as RunSummary;
  expect(incremental).toMatchObject({ due: {}, columnsWaiting: [ADDED_KEY] });
  expect(paid()).toBe(6);
});

test('apply --json recomputes a column whose config changed', async () => {
  const { code, stdout } = await place.command('apply', 'nights.json', '--yes', '--json');
  expect(code).toBe(0);
  const { incremental } = JSON.parse(stdout) as RunSummary;
  expect(incremental).toMatchObject({ due: { changed: 3 }, kept: 3 });
  expect(paid()).toBe(9);
  expect((await place.command('plan', 'nights.json')).code).toBe(0);
});

test('a column that left the file is not asked for', async () => {
  await file(FIRST);
  const { code, stdout } = await place.command('plan', 'nights.json');
  expect(stdout).toMatch(
    new RegExp(`^${ADDED_KEY} +stays in the table, and is not asked for +0$`, 'm'),
  );
  expect(code).toBe(2);
});

test('a pipeline without a lasting table has no plan', async () => {
  await writeFile(join(place.cwd, 'single.json'), pipelineText());
  const { code, stderr } = await place.command('plan', 'single.json');
  expect(stderr).toContain('each run of the pipeline makes a table of its own');
  expect(code).toBe(2);
});

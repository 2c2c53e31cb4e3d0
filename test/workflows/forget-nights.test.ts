import { afterEach, describe, expect, test } from '@jest/globals';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { forgetRow } from '../../src/client/retention/forget.ts';
import { EXPORTS_FOLDER, WORK_FOLDER } from '../../src/contract/names.ts';
import type { ResultRow } from '../../src/contract/results.ts';
import type { RunSummary } from '../../src/contract/run.ts';
import { readLines } from '../../src/store/disk/lines.ts';
import { CASES } from '../support/providers/cases.ts';
import type { ProviderCase } from '../support/providers/provider-case.ts';
import { executeRun, pipelineInputFor, startTestEnv, type TestEnv } from '../support/test-env.ts';

let testEnv: TestEnv;
afterEach(() => testEnv.close());

const FORGOTTEN = /"AOS"|^AOS,|A\. O\. Smith|answer of the row/m;
const WITH = { MMM: '3M', AOS: 'A. O. Smith', AFL: 'Aflac' };
const WITHOUT = { MMM: '3M', AFL: 'Aflac' };

let nights = 0;

async function night(
  one: ProviderCase,
  companies: Record<string, string>,
  more: Record<string, unknown> = {},
): Promise<RunSummary> {
  const rows = Object.entries(companies).map(([Symbol, Security]) => ({ Symbol, Security }));
  const { folder, store, taskQueue } = testEnv;
  const results = [
    { to: join(folder, 'out', 'results.jsonl') },
    { to: join(folder, 'out', 'results.csv') },
    { to: join(store.location, EXPORTS_FOLDER, 'nightly', 'results.jsonl') },
  ];
  const table = { ...one.tables.two, keep: true };
  const input = await pipelineInputFor(testEnv, rows, { table, results, ...more }, one);
  return executeRun(testEnv, `forget-${taskQueue}-${(nights += 1)}`, input);
}

/** Files under a folder that have something of the row. */
async function filesWithRow(folder: string): Promise<string[]> {
  const found: string[] = [];
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile() && FORGOTTEN.test(await readFile(path, 'utf8'))) found.push(path);
  }
  return found;
}

async function answersIn({ results: [file] }: RunSummary): Promise<unknown[]> {
  const rows: unknown[] = [];
  for await (const line of readLines(file?.path ?? '')) {
    const { key, cells } = JSON.parse(line) as ResultRow;
    rows.push([key, Object.values(cells).map(({ status, value }) => [status, value])]);
  }
  return rows;
}

/** Writes the files of a killed scan: answers by the place of their row, without its key. */
async function leaveScan(): Promise<void> {
  const { store } = testEnv;
  for (const aged of await store.aged('runs')) {
    const draft = await store.folderOf(aged).create(`${WORK_FOLDER.scan}9/000000.jsonl`);
    await draft.line('1\t"row"\t{"sector":{"status":"done","value":"answer of the row"}}\t');
    await draft.commit();
  }
}

/** Nights whose next one has something to carry over. */
const nightsWith: [string, number, Record<string, unknown>][] = [
  ['all cells answered', 0, {}],
  [
    'cells that failed',
    1,
    { run: { failedPasses: 0, deadline: '10m', minPollInterval: '100ms', maxPollInterval: '1s' } },
  ],
  ['cells that a ceiling cut', 0, { spend: { maxCredits: 4, onCeiling: 'publish' } }],
  ['a row that had left the source', 0, { refresh: { vanished: 'mark' } }],
];

describe.each(CASES.map((one) => [one.name, one] as const))('%s', (name, one) => {
  // What differs between providers is how they name a row, which every night needs.
  const played = nightsWith.filter(([what]) => name === 'extruct' || what.includes('ceiling'));
  test.each(played)(
    'a row removed after a night with %s comes back in no file of the next ones',
    async (_what, alwaysFailsRate, more) => {
      testEnv = await startTestEnv({ sandbox: { failRate: 0, alwaysFailsRate } });
      const { client, store, folder } = testEnv;
      expect(await night(one, WITH, more)).toMatchObject({ rows: 3 });
      if ('refresh' in more) await night(one, WITHOUT, more);
      await leaveScan();
      expect(await filesWithRow(join(folder, 'out'))).not.toEqual([]);
      expect((await filesWithRow(store.location)).length).toBeGreaterThan(5);

      const { unreached } = await forgetRow(client, store, 'AOS');
      expect(unreached.join()).toMatch(/Temporal.*provider.*published.*versions/);
      expect(await filesWithRow(store.location)).toEqual([]);

      const second = await night(one, WITHOUT, more);
      expect(second.incremental).toMatchObject({ rowsNew: 0, rowsVanished: 0 });
      expect(await filesWithRow(folder)).toEqual([]);
      const answers = await answersIn(second);
      const third = await night(one, WITHOUT, more);
      expect(third.changes).toMatchObject({ new: 0, vanished: 0, lost: 0 });
      expect(await answersIn(third)).toEqual(answers);
      expect(await filesWithRow(folder)).toEqual([]);
    },
  );
});

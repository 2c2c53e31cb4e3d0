import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import type { ResultRow } from '../../src/contract/results.ts';
import { rerunRun } from '../../src/client/runs/rerun.ts';
import { exportResults } from '../../src/client/runs/files/results.ts';
import { stageRows } from '../../src/client/pipelines/stage.ts';
import type { RunProgress, RunSummary } from '../../src/contract/run.ts';
import { pipelineInputFor, startTestEnv, executeRun, type TestEnv } from '../support/test-env.ts';
import { CASES } from '../support/providers/cases.ts';
import type { ProviderCase } from '../support/providers/provider-case.ts';

let testEnv: TestEnv;
beforeAll(async () => {
  testEnv = await startTestEnv({ sandbox: { failRate: 0, alwaysFailsRate: 0 } });
});
afterAll(() => testEnv.close());

const LIST =
  'Symbol;Security;Owner;Phone;;\nMMM;3M;Ann;+49 170 1;;\nAOS;;Bob;;;\n;;;;;\nABT;"Abbott";Cid;=1;;\n';

const CSV = { formulas: 'verbatim', bom: true };

async function pipelineOf(provider: ProviderCase, fields: Record<string, unknown> = {}) {
  const file = join(testEnv.folder, `${provider.name}.csv`);
  await writeFile(file, LIST);
  const out = join(testEnv.folder, `out-${provider.name}`);
  return pipelineInputFor(
    testEnv,
    [],
    {
      rows: { from: file, key: 'Symbol', map: provider.map, skipBad: '40%', ...fields },
      results: [{ to: join(out, 'list.jsonl') }, { to: join(out, 'list-2.csv'), csv: CSV }],
    },
    provider,
  );
}

test('a run that reads its source itself shows the warnings about it', async () => {
  const input = await pipelineInputFor(testEnv, [], {
    rows: { from: await headersTwice(), key: 'Symbol', map: { input: 'Security' } },
  });
  const workflowId = `warned-${testEnv.taskQueue}`;
  const summary = await executeRun(testEnv, workflowId, input);
  const run = testEnv.client.workflow.getHandle(workflowId);
  const warnings = [
    expect.stringMatching(/twice\.csv: the header stands again on line 3: skipped$/),
  ];
  expect((await run.query<RunProgress>('progress')).sourceWarnings).toEqual(warnings);
  expect(summary.sourceWarnings).toEqual(warnings);
  const manifest: unknown = JSON.parse(await readFile(summary.manifest ?? '', 'utf8'));
  expect(manifest).toMatchObject({ sourceWarnings: warnings });
});

async function headersTwice(): Promise<string> {
  const file = join(testEnv.folder, 'twice.csv');
  await writeFile(file, 'Symbol,Security\nMMM,3M\nSymbol,Security\nABT,Abbott\n');
  return file;
}

async function expectPublished(summary: RunSummary): Promise<void> {
  expect(summary).toMatchObject({ outcome: 'completed', rows: 2, badRows: 1 });
  const [jsonl, csv] = summary.results.map(({ path }) => path);
  const rows = (await readFile(jsonl ?? '', 'utf8')).trimEnd().split('\n');
  expect(rows.map((line) => (JSON.parse(line) as ResultRow).source)).toEqual([
    { Owner: 'Ann', Phone: '+49 170 1' },
    { Owner: 'Cid', Phone: '=1' },
  ]);
  const text = await readFile(csv ?? '', 'utf8');
  expect(text.startsWith('\uFEFFkey,')).toBe(true);
  const [header = [], ...records] = parse(text, { bom: true });
  expect(records.map((record) => record.slice(0, 4))).toEqual([
    ['MMM', '3M', 'Ann', '+49 170 1'],
    ['ABT', 'Abbott', 'Cid', '=1'],
  ]);
  expect(header.slice(2, 4)).toEqual(['Owner', 'Phone']);
  expect(summary.quarantine).toMatchObject({ cells: 0, rows: 1 });
  expect(JSON.parse(await readFile(summary.quarantine?.path ?? '', 'utf8'))).toEqual({
    key: 'AOS',
    column: null,
    status: 'bad row',
    attempts: 0,
    line: 3,
    reason: 'line 3: "Security" is empty',
  });
  expect(JSON.parse(await readFile(summary.manifest ?? '', 'utf8'))).toMatchObject({
    badRows: 1,
    quarantine: { cells: 0, rows: 1 },
  });
}

test.each(CASES)('a bad row is left out of the results of every run: $name', async (provider) => {
  const { pipeline } = await pipelineOf(provider);
  // Frozen by a client, then read by the worker itself.
  const snapshot = await stageRows(pipeline, testEnv.store);
  expect(snapshot.badRows?.rows).toBe(1);
  const id = `left-out-${testEnv.taskQueue}-${provider.name}`;
  await expectPublished(await executeRun(testEnv, id, { pipeline, snapshot }));
  await expectPublished(await executeRun(testEnv, `${id}-worker`, { pipeline }));
  // A rerun knows of them, too, and its later CSV has the options of the run.
  const options = { taskQueue: testEnv.taskQueue, searchAttributes: true };
  const { workflowId } = await rerunRun(testEnv.client, id, options);
  const handle = testEnv.client.workflow.getHandle(workflowId);
  const again = (await handle.result()) as RunSummary;
  expect(again.badRows).toBe(1);
  const { firstExecutionRunId: firstRunId } = await firstRunOf(workflowId);
  const rendition = await exportResults(testEnv.store.run({ workflowId, firstRunId }), 'csv');
  expect(await readFile(rendition.path, 'utf8')).toMatch(/^\uFEFFkey,[^,]+,Owner,Phone,/);
  await rendition.remove();
});

test('later rows of a key are in the quarantine, where the first is used', async () => {
  const file = join(testEnv.folder, 'repeated.csv');
  await writeFile(file, 'Symbol,Security\nMMM,3M\nABT,Abbott\nMMM,Minnesota Mining\n');
  const input = await pipelineInputFor(testEnv, [], {
    rows: { from: file, key: 'Symbol', map: { input: 'Security' }, duplicates: 'first' },
  });
  const summary = await executeRun(testEnv, `repeated-${testEnv.taskQueue}`, input);
  expect(summary).toMatchObject({ outcome: 'completed', rows: 2, badRows: 1 });
  expect(JSON.parse(await readFile(summary.quarantine?.path ?? '', 'utf8'))).toMatchObject({
    key: 'MMM',
    status: 'bad row',
    reason: 'line 4: the key "MMM" stands on line 2 already',
  });
});

test('without bad rows there is no word of them', async () => {
  const summary = await executeRun(
    testEnv,
    `none-left-out-${testEnv.taskQueue}`,
    await pipelineInputFor(testEnv, [{ Symbol: 'MMM', Security: '3M' }]),
  );
  expect(summary).not.toHaveProperty('badRows');
  expect(summary.quarantine).toBeNull();
});

async function firstRunOf(workflowId: string): Promise<{ firstExecutionRunId: string }> {
  const { runId } = await testEnv.client.workflow.getHandle(workflowId).describe();
  return { firstExecutionRunId: runId };
}

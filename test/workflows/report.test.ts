import { afterEach, expect, test } from '@jest/globals';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ReportFacts } from '../../src/report/facts.ts';
import { renderReport } from '../../src/report/render.ts';
import { CASES, companies } from '../support/providers/cases.ts';
import type { ProviderCase } from '../support/providers/provider-case.ts';
import {
  executeRun,
  pipelineInputFor,
  startTestEnv,
  type TestEnv,
  type TestEnvOptions,
} from '../support/test-env.ts';

let testEnv: TestEnv;
afterEach(() => testEnv.close());

const start = async (options: TestEnvOptions = {}): Promise<void> => {
  testEnv = await startTestEnv(options);
};

const at = (name: string): string => join(testEnv.folder, 'out', name);
const REPORT = 'results.report.html';
const isThere = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

const run = async (
  name: string,
  rows: number,
  pipeline: Record<string, unknown> = {},
  provider?: ProviderCase,
) =>
  executeRun(
    testEnv,
    `${name}-${testEnv.taskQueue}`,
    await pipelineInputFor(testEnv, companies(rows), pipeline, provider),
  );

async function factsOf(workflowId: string): Promise<ReportFacts> {
  const [firstRunId = ''] = await testEnv.store.firstRuns(workflowId);
  const folder = testEnv.store.run({ workflowId, firstRunId });
  return (await folder.readJson('report.json')) as ReportFacts;
}

test.each([...CASES])(
  '$name: a report beside the results says what the run did',
  async (provider) => {
    await start({ sandbox: { failRate: 0.3, alwaysFailsRate: 0 } });
    const summary = await run('reported', 30, {}, provider);
    expect(summary).toMatchObject({ report: at(REPORT) });
    expect(summary.reportProblem).toBeUndefined();
    const facts = await factsOf(summary.workflowId);
    expect(await readFile(at(REPORT), 'utf8')).toBe(renderReport(facts));
    const { readings, passes, runs, sample, reasons, otherReasons } = facts;
    expect(readings.at(-1)?.done).toBeGreaterThan(0);
    // The provider counts cells of its automatic columns, too.
    const cells = 30 * Object.keys(facts.byColumn).length;
    for (const { total, done, inProgress } of readings) {
      expect(total).toBe(cells);
      expect(done + inProgress).toBeLessThanOrEqual(cells);
    }
    expect(passes).toHaveLength(summary.passes);
    expect(passes.reduce((sum, { credits }) => sum + credits, 0)).toBe(summary.creditsSpent);
    expect(passes.reduce((sum, { repaired }) => sum + repaired, 0)).toBeGreaterThan(0);
    expect(runs.map(({ workflowId }) => workflowId)).toEqual([summary.workflowId]);
    expect(sample.map(({ key }) => key)).toEqual(companies(20).map(({ Symbol }) => Symbol));
    const listed = reasons.reduce((sum, { cells }) => sum + cells, otherReasons);
    expect(listed).toBe(summary.quarantine?.cells ?? 0);
  },
);

test('a report shows the runs of the pipeline before it', async () => {
  await start({ sandbox: { failRate: 0, alwaysFailsRate: 0 } });
  const first = await run('first', 2);
  const second = await run('second', 3);
  const { runs, summary } = await factsOf(second.workflowId);
  expect(runs.map(({ workflowId, credits }) => [workflowId, credits])).toEqual([
    [first.workflowId, 2],
    [second.workflowId, 3],
  ]);
  expect(summary.changes).toMatchObject({ new: 1, since: first.workflowId });
});

test('report: false leaves no report of an earlier run beside the results', async () => {
  await start({ sandbox: { failRate: 0, alwaysFailsRate: 0 } });
  await run('with', 1);
  expect(await isThere(at(REPORT))).toBe(true);
  const summary = await run('without', 1, { report: false });
  expect(summary.report).toBeUndefined();
  expect(summary.reportProblem).toBeUndefined();
  expect(await isThere(at(REPORT))).toBe(false);
});

test('a report file of another program does not stop the results', async () => {
  await start({ sandbox: { failRate: 0, alwaysFailsRate: 0 } });
  await mkdir(at('.'), { recursive: true });
  await writeFile(at(REPORT), '<p>mine</p>');
  const summary = await run('foreign', 1);
  expect(summary).toMatchObject({ outcome: 'completed', results: [{ rows: 1 }] });
  expect(summary.reportProblem).toContain('a file is there that rowmill did not write');
  expect(await readFile(at(REPORT), 'utf8')).toBe('<p>mine</p>');
});

test('a folder in the place of the report does not stop the results', async () => {
  await start({ sandbox: { failRate: 0, alwaysFailsRate: 0 } });
  await mkdir(at(REPORT), { recursive: true });
  const summary = await run('blocked', 1);
  expect(summary).toMatchObject({ outcome: 'completed', results: [{ rows: 1 }] });
  expect(summary.reportProblem).toContain(REPORT);
});

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RunProgress, RunSummary } from '../../src/contract/run.ts';
import { manualClock } from '../support/manual-clock.ts';
import { startTestEnv, type TestEnv } from '../support/test-env.ts';
import { eventually } from '../support/eventually.ts';
import { COMPANIES, pipelineText, workplace, type Workplace } from './command.ts';

const QUICK = {
  minPollInterval: '100ms',
  maxPollInterval: '1s',
  stallAfter: '10m',
  failedPasses: 0,
};

let testEnv: TestEnv;
let place: Workplace;
const clock = manualClock();
beforeAll(async () => {
  // One cell at a time, each of some seconds; everything fails once.
  testEnv = await startTestEnv({
    sandbox: { failRate: 1, alwaysFailsRate: 0, speed: 20, concurrency: 1, realMs: clock.realMs },
  });
  place = await workplace(testEnv);
  await writeFile(join(place.cwd, 'companies.csv'), COMPANIES);
  await writeFile(join(place.cwd, 'pipeline.json'), pipelineText({ run: QUICK }));
});
afterAll(async () => {
  await place.remove();
  await testEnv.close();
});

const id = (name: string): string => `${name}-${testEnv.taskQueue}`;
const stageIs = (run: string, stage: string): Promise<void> =>
  eventually(`stage ${stage}`, async () => {
    const handle = testEnv.client.workflow.getHandle(run);
    return (await handle.query<RunProgress>('progress')).stage === stage;
  });

test('pause, adjust, rerun, resume and cancel act on a run in progress', async () => {
  const { command } = place;
  const run = id('acted');
  await command('run', 'pipeline.json', '--id', run, '--detach');
  await eventually('a done cell', () => testEnv.sandbox.ledger.summary().cellsDone > 0);
  // Processes take their time; the cells wait for them.
  clock.freeze();

  const paused = await command('pause', run, '--reason', 'a look');
  expect(paused.stdout).toBe(`${run}: paused\n`);
  expect(paused.stderr).toMatch(
    /Its deadline keeps running: .*\. A later one: rowmill adjust \S+ --deadline \d+h\n/,
  );
  await stageIs(run, 'paused');
  const status = await command('status', run);
  expect(status.stdout).toContain(`${run}  paused`);
  expect(status.stdout).toMatch(/! paused by \S+ \(a look\); go on: rowmill resume/);
  const twice = await command('pause', run);
  expect([twice.code, twice.stderr]).toEqual([2, expect.stringContaining('paused already')]);

  const adjusted = await command('adjust', run, '--deadline', '8h', '--max-poll-interval', '60s');
  expect(adjusted.stdout).toMatch(/: deadline \d{4}-.*, polls every 1 min at most\n$/);
  const nonsense = await command('adjust', run, '--deadline', 'soon');
  expect(nonsense.code).toBe(2);
  expect(nonsense.stderr).toContain('→ Give a duration like 30s');

  const again = await command('rerun', run);
  expect(again.stdout).toContain('one more pass over the failed cells');
  const resumed = await command('resume', run);
  expect(resumed.stdout).toBe(`${run}: goes on\n`);
  await command('adjust', run, '--max-poll-interval', '1s');

  const cancelled = await command('cancel', run);
  expect(cancelled.stderr).toMatch(/go on at the provider.*, and cost/);
  const late = await command('watch', run);
  expect(late.stdout).toContain(`${run} cancelled`);
  const over = await command('pause', run);
  expect([over.code, over.stderr]).toEqual([2, expect.stringContaining('the run has ended')]);
  clock.resume();
});

test('rerun of an ended run follows the new run to its results', async () => {
  const { command } = place;
  const run = id('ended');
  const first = await command('run', 'pipeline.json', '--id', run);
  expect(first.code).toBe(3);
  const second = await command('rerun', run, '--json');
  expect(second.stderr).toContain(`Started ${run}-rerun-1: goes on with ${run}`);
  expect(second.code).toBe(0);
  const summary = JSON.parse(second.stdout) as RunSummary;
  expect(summary).toMatchObject({ outcome: 'completed', cells: { done: 3, failed: 0 } });
  const reported = await command('status', `${run}-rerun-1`);
  expect(reported.stdout).toMatch(new RegExp(`before +${run} partial: \\d done, \\d open`));
  const nobody = await command('rerun', id('nobody'));
  expect([nobody.code, nobody.stderr]).toEqual([2, expect.stringContaining('run_not_found')]);
});

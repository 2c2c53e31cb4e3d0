import { afterEach, expect, test } from '@jest/globals';
import { defaultPayloadConverter } from '@temporalio/common';
import type { RunProgress } from '../../src/contract/run.ts';
import { pipelineInputFor, startTestEnv, type TestEnv } from '../support/test-env.ts';
import { eventually } from '../support/eventually.ts';
import { companies } from '../support/providers/cases.ts';

const ROWS = companies(12);

let testEnv: TestEnv;
afterEach(() => testEnv.close());

test('the web interface shows a text for every step and timer', async () => {
  testEnv = await startTestEnv({
    sandbox: { failRate: 0, alwaysFailsRate: 0, speed: 20, concurrency: 4 },
  });
  const run = await testEnv.client.workflow.start('enrichTable', {
    workflowId: `shown-${testEnv.taskQueue}`,
    taskQueue: testEnv.taskQueue,
    args: [await pipelineInputFor(testEnv, ROWS, { spend: { approveAbove: 1 } })],
  });
  const stageIs = (stage: string): Promise<void> =>
    eventually(stage, async () => (await run.query<RunProgress>('progress')).stage === stage);
  const details = async (): Promise<string> =>
    JSON.stringify(await run.query('__temporal_workflow_metadata'));

  await stageIs('waiting for approval');
  expect(await details()).toContain('Update `approveSpend` gives it');
  await run.executeUpdate('approveSpend');
  await eventually('a heartbeat of the wait', async () => {
    const { raw } = await run.describe();
    const [payload] = raw.pendingActivities?.[0]?.heartbeatDetails?.payloads ?? [];
    if (payload === undefined) return false;
    const beat: unknown = defaultPayloadConverter.fromPayload(payload);
    return /\d+ of 48 cells done, \d+ in progress/.test(JSON.stringify(beat));
  });
  await run.executeUpdate('pause', { args: [{ reason: 'a [look](x)', by: 'ada' }] });
  await stageIs('paused');
  const paused = await details();
  expect(paused).toMatch(
    /\*\*Paused by `ada`\*\* at .*: `a \[look\]\(x\)`\. .* go on at the provider/,
  );
  expect(paused).toContain('results.jsonl');
  expect(paused).toContain(testEnv.store.location);
  await run.executeUpdate('resume');
  await run.result();

  const { events } = await run.fetchHistory();
  const reported = (events ?? []).flatMap((event) => {
    const isStep =
      event.activityTaskScheduledEventAttributes ?? event.timerStartedEventAttributes ?? null;
    if (isStep === null) return [];
    const summary = event.userMetadata?.summary;
    const text: unknown = summary ? defaultPayloadConverter.fromPayload(summary) : null;
    return [text];
  });
  expect(reported.filter((text) => typeof text !== 'string' || text === '')).toEqual([]);
  expect(reported).toContainEqual(expect.stringMatching(/^Wait for pass 1: \d+ of 48 cells done$/));
  expect(reported).toContain(
    'Paused ("a [look](x)"): until an operator resumes it, or the deadline',
  );
  expect(reported).toContain('Publish the results: completed, 12 cells done, 0 without an answer');
});

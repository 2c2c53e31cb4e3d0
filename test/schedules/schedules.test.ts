import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RunSummary } from '../../src/contract/run.ts';
import { MEMO_FILE } from '../../src/contract/names.ts';
import { RowmillError } from '../../src/errors.ts';
import type { LoadedPipeline } from '../../src/spec/index.ts';
import {
  applySchedule,
  backfillSchedule,
  deleteSchedule,
  describeSchedule,
  listSchedules,
  pauseSchedule,
  resumeSchedule,
  triggerSchedule,
  type ApplyOptions,
} from '../../src/client/schedules/index.ts';
import { requireSchedule } from '../../src/client/schedules/describe.ts';
import { manualClock } from '../support/manual-clock.ts';
import { startTestEnv, type TestEnv } from '../support/test-env.ts';
import { beforeRequest } from '../support/before-request.ts';
import { scheduledFile } from '../support/scheduled-file.ts';
import { eventually } from '../support/eventually.ts';

let testEnv: TestEnv;
const { realMs, freeze, resume } = manualClock();
afterEach(() => resume());
const names: string[] = [];

beforeAll(async () => {
  testEnv = await startTestEnv({ sandbox: { failRate: 0, alwaysFailsRate: 0, realMs } });
});
afterAll(async () => {
  for (const name of names) await deleteSchedule(testEnv.client, name).catch(() => undefined);
  await testEnv.close();
});

function fileOf(
  word: string,
  changes: Record<string, unknown> = {},
  file = 'p.json',
): LoadedPipeline {
  const loaded = scheduledFile(testEnv.folder, word, changes, file);
  names.push(loaded.pipeline.name);
  return loaded;
}

const apply = (loaded: LoadedPipeline, changes: Partial<ApplyOptions> = {}) =>
  applySchedule(testEnv.client, loaded, {
    taskQueue: testEnv.taskQueue,
    searchAttributes: true,
    ...changes,
  });

const endOf = (workflowId: string): Promise<RunSummary> =>
  // What the workflow returns.
  testEnv.client.workflow.getHandle(workflowId).result() as Promise<RunSummary>;

const codeOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'nothing was refused',
    (error: unknown) =>
      error instanceof RowmillError ? `${error.code}: ${error.message}` : String(error),
  );

test('applying a schedule again keeps the pause of an operator', async () => {
  const loaded = fileOf('again');
  const { name } = loaded.pipeline;
  expect(await apply(loaded)).toEqual({ name, done: 'created', changed: [] });
  await pauseSchedule(testEnv.client, name, 'the source moves');
  expect(await apply(loaded)).toEqual({ name, done: 'unchanged', changed: [] });

  const later = fileOf('again', {
    schedule: { at: ['03:30', '04:30'], jitter: '5m', catchUp: '2h' },
  });
  expect(await apply(later)).toMatchObject({ done: 'updated', changed: ['schedule'] });
  const info = await describeSchedule(testEnv.client, name);
  expect(info).toMatchObject({
    paused: true,
    note: 'the source moves',
    schedule: {
      times: [
        { hour: 3, minute: 30 },
        { hour: 4, minute: 30 },
      ],
      jitterMs: 300_000,
    },
    file: join(testEnv.folder, 'p.json'),
  });
  expect((await testEnv.client.schedule.getHandle(name).describe()).policies).toEqual({
    overlap: 'SKIP',
    catchupWindow: 7_200_000,
    pauseOnFailure: false,
  });
  await resumeSchedule(testEnv.client, name);
  const listed = await listSchedules(testEnv.client);
  expect(listed.find((each) => each.name === name)).toMatchObject({ paused: false, started: 0 });
});

test('a pause without a word is a pause', async () => {
  const loaded = fileOf('wordless');
  const { name } = loaded.pipeline;
  await apply(loaded);
  await pauseSchedule(testEnv.client, name, '');
  expect(await describeSchedule(testEnv.client, name)).toMatchObject({ paused: true });
  await resumeSchedule(testEnv.client, name, '');
  expect(await describeSchedule(testEnv.client, name)).toMatchObject({ paused: false });
});

test('two at the same moment make one schedule', async () => {
  const loaded = fileOf('race');
  const done = await Promise.all([apply(loaded), apply(loaded), apply(loaded)]);
  expect(done.filter((each) => each.done === 'created')).toHaveLength(1);
});

test('a name of another file is taken over only with replace', async () => {
  await apply(fileOf('owner'));
  const other = fileOf('owner', {}, 'other.json');
  expect(await codeOf(apply(other))).toMatch(/^schedule_conflict: .*p\.json/);
  expect(await apply(other, { replace: true })).toMatchObject({
    done: 'updated',
    changed: ['file'],
  });
});

test('a schedule that rowmill did not make is untouched', async () => {
  const loaded = fileOf('foreign');
  const { name } = loaded.pipeline;
  const handle = await testEnv.client.schedule.create({
    scheduleId: name,
    spec: { intervals: [{ every: '30 days' }] },
    action: { type: 'startWorkflow', workflowType: 'other', taskQueue: testEnv.taskQueue },
  });
  expect(await codeOf(apply(loaded, { replace: true }))).toMatch(/^schedule_conflict/);
  expect(await codeOf(deleteSchedule(testEnv.client, name))).toMatch(/^schedule_not_found/);
  expect((await listSchedules(testEnv.client)).map((each) => each.name)).not.toContain(name);
  await handle.delete();
});

test('each run of a schedule reads its rows anew', async () => {
  const source = join(testEnv.folder, 'companies.csv');
  await writeFile(source, 'Symbol,Security\nMMM,3M\n');
  const loaded = fileOf('nightly', {
    rows: { from: 'companies.csv', key: 'Symbol', map: { input: 'Security' } },
  });
  const { name } = loaded.pipeline;
  await apply(loaded);
  const { workflowId: first } = await triggerSchedule(testEnv.client, name);
  expect(first).toMatch(new RegExp(`^${name}-\\d{4}-`));
  expect(await endOf(first)).toMatchObject({ outcome: 'completed', rows: 1 });
  const described = await testEnv.client.workflow.getHandle(first).describe();
  expect(described.memo?.[MEMO_FILE]).toBe(join(testEnv.folder, 'p.json'));

  await writeFile(source, 'Symbol,Security\nMMM,3M\nAOS,A. O. Smith\n');
  freeze();
  const { workflowId: second } = await triggerSchedule(testEnv.client, name);
  expect(await codeOf(triggerSchedule(testEnv.client, name))).toMatch(
    /^action_refused: .*in progress/,
  );
  // As the clock does it: the time passes, and the run before is not over.
  await testEnv.client.schedule.getHandle(name).trigger('SKIP');
  await eventually('the skipped run is counted', async () => {
    const { skippedByOverlap, running } = await describeSchedule(testEnv.client, name);
    return skippedByOverlap === 1 && running.includes(second);
  });
  resume();
  expect(await endOf(second)).toMatchObject({ outcome: 'completed', rows: 2 });
  const lines = (await readFile(join(testEnv.folder, 'out/nightly.jsonl'), 'utf8')).trimEnd();
  expect(lines.split('\n')).toHaveLength(2);

  await eventually('the newest run is known with its end', async () => {
    const { recent } = await describeSchedule(testEnv.client, name);
    return recent[0]?.workflowId === second && recent[0].run?.outcome === 'completed';
  });
  expect((await describeSchedule(testEnv.client, name)).recent).toHaveLength(2);
});

test('a key is one run of the schedule, however often it is triggered', async () => {
  const { client } = testEnv;
  const loaded = fileOf('keyed');
  const { name } = loaded.pipeline;
  await apply(loaded);
  await pauseSchedule(client, name);
  freeze();
  const runs = await Promise.all(
    [1, 2, 3].map(() => triggerSchedule(client, name, { key: 'order-1' })),
  );
  expect(runs.filter(({ attached }) => !attached)).toHaveLength(1);
  const [workflowId = ''] = new Set(runs.map((run) => run.workflowId));
  expect(new Set(runs.map((run) => run.workflowId)).size).toBe(1);
  await eventually('it is known to be in progress', async () => {
    const { running, recent } = await describeSchedule(client, name);
    return running.includes(workflowId) && recent[0]?.workflowId === workflowId;
  });
  for (const options of [{ key: 'order-2' }, {}]) {
    const refused = await codeOf(triggerSchedule(client, name, options));
    expect(refused).toMatch(/^action_refused: .*keyed.*order-1 is in progress/);
  }
  resume();
  expect(await endOf(workflowId)).toMatchObject({ outcome: 'completed', rows: 1 });
  expect(await triggerSchedule(client, name, { key: 'order-1' })).toEqual({
    workflowId,
    attached: true,
  });
  const described = await client.workflow.getHandle(workflowId).describe();
  expect(described.memo?.[MEMO_FILE]).toBe(join(testEnv.folder, 'p.json'));
  expect(await described.staticSummary()).toContain(name);

  await eventually('it is known to have ended', async () => {
    const { running } = await describeSchedule(client, name);
    return running.length === 0;
  });
  const { workflowId: other } = await triggerSchedule(client, name, { key: 'Order 2 / Ökonomie' });
  expect(other).not.toBe(workflowId);
  await client.workflow.getHandle(other).terminate('the test makes it fail');
  expect(await triggerSchedule(client, name, { key: 'Order 2 / Ökonomie' })).toEqual({
    workflowId: other,
    attached: false,
  });
  expect(await endOf(other)).toMatchObject({ outcome: 'completed' });
});

test('a key whose id another run has is refused', async () => {
  const loaded = fileOf('taken');
  const { name } = loaded.pipeline;
  await apply(loaded);
  const { workflow } = testEnv.client;
  const { pipeline } = loaded;
  const handle = await workflow.start('enrichTable', {
    workflowId: `${name}:mine`,
    taskQueue: testEnv.taskQueue,
    args: [{ pipeline }],
  });
  expect(await codeOf(triggerSchedule(testEnv.client, name, { key: 'mine' }))).toMatch(
    /^run_conflict/,
  );
  expect(await codeOf(triggerSchedule(testEnv.client, name, { key: ' ' }))).toMatch(/^usage/);
  await handle.result();
});

/** Waits until every run that a backfill asked for has completed. */
const haveRun = (name: string): Promise<void> =>
  eventually('all runs of the backfill are over', async () => {
    const { description } = await requireSchedule(testEnv.client, name);
    const { recent, running, started } = await describeSchedule(testEnv.client, name);
    const waiting = Number(String(description.raw.info?.bufferSize ?? 0));
    const completed = recent.filter(({ run }) => run?.outcome === 'completed').length;
    return waiting + running.length === 0 && started > 0 && completed === started;
  });

test('a backfill over both changes of the clock runs no night twice', async () => {
  const loaded = fileOf('dst');
  const { name } = loaded.pipeline;
  await apply(loaded);
  const spring = { from: new Date('2026-03-28T00:00:00Z'), to: new Date('2026-03-30T12:00:00Z') };
  const autumn = { from: new Date('2026-10-24T00:00:00Z'), to: new Date('2026-10-26T12:00:00Z') };
  // There is no 02:30 on 29 March, and two on 25 October.
  expect((await backfillSchedule(testEnv.client, name, spring)).due).toEqual([
    '2026-03-28T01:30:00.000Z',
    '2026-03-30T00:30:00.000Z',
  ]);
  await eventually('both have begun', async () => {
    return (await describeSchedule(testEnv.client, name)).started === 2;
  });
  expect((await backfillSchedule(testEnv.client, name, autumn)).due).toEqual([
    '2026-10-24T00:30:00.000Z',
    '2026-10-25T01:30:00.000Z',
    '2026-10-26T01:30:00.000Z',
  ]);
  await haveRun(name);
  for (const span of [spring, autumn]) {
    const again = await backfillSchedule(testEnv.client, name, span);
    expect(again.due).toEqual([]);
    expect(again.existing.length).toBeGreaterThan(1);
  }
  expect((await describeSchedule(testEnv.client, name)).started).toBe(5);
});

test('both ends of a span are part of it', async () => {
  const loaded = fileOf('ends', { schedule: { at: '00:00', timezone: 'UTC' } });
  const { name } = loaded.pipeline;
  await apply(loaded);
  const span = { from: new Date('2026-01-05T00:00:00Z'), to: new Date('2026-01-06T00:00:00Z') };
  expect((await backfillSchedule(testEnv.client, name, span)).due).toEqual([
    '2026-01-05T00:00:00.000Z',
    '2026-01-06T00:00:00.000Z',
  ]);
  await haveRun(name);
});

test('a span of years is counted to its end', async () => {
  const loaded = fileOf('years');
  const { name } = loaded.pipeline;
  await apply(loaded);
  const span = { from: new Date('2022-01-01T00:00:00Z'), to: new Date('2025-12-31T23:59:59Z') };
  // But for four Sundays in March, on which there is no 02:30.
  expect(await codeOf(backfillSchedule(testEnv.client, name, span))).toMatch(
    /^usage: .*the span has 1457 runs/,
  );
});

const THREE_NIGHTS = {
  from: new Date('2026-01-05T00:00:00Z'),
  to: new Date('2026-01-07T12:00:00Z'),
};

test('a backfill that is sent twice starts no night twice', async () => {
  const loaded = fileOf('twice');
  const { name } = loaded.pipeline;
  await apply(loaded);
  freeze();
  expect((await backfillSchedule(testEnv.client, name, THREE_NIGHTS)).due).toHaveLength(3);
  // The first one is in progress, the others wait for it.
  expect(await codeOf(backfillSchedule(testEnv.client, name, THREE_NIGHTS))).toMatch(
    /^action_refused/,
  );
  resume();
  await haveRun(name);
  expect((await backfillSchedule(testEnv.client, name, THREE_NIGHTS)).due).toEqual([]);
  expect((await describeSchedule(testEnv.client, name)).started).toBe(3);
});

test('a schedule that is deleted says how many runs that waited to start went with it', async () => {
  const loaded = fileOf('dropped');
  const { name } = loaded.pipeline;
  await apply(loaded);
  const span = { from: new Date('2026-01-05T00:00:00Z'), to: new Date('2026-01-07T12:00:00Z') };
  freeze();
  expect((await backfillSchedule(testEnv.client, name, span)).due).toHaveLength(3);
  let first = '';
  await eventually('one is in progress, and two wait', async () => {
    first = (await describeSchedule(testEnv.client, name)).running[0] ?? '';
    return first !== '';
  });
  expect(await deleteSchedule(testEnv.client, name)).toEqual({ name, droppedRuns: 2 });
  resume();
  expect(await testEnv.client.workflow.getHandle(first).result()).toMatchObject({
    outcome: 'completed',
  });
  await apply(loaded);
  expect(await deleteSchedule(testEnv.client, name)).toEqual({ name, droppedRuns: 0 });
});

test('the same backfill twice at the same moment starts no night twice', async () => {
  const loaded = fileOf('atonce');
  const { name } = loaded.pipeline;
  await apply(loaded);
  freeze();
  const asked = [1, 2, 3].map(() => backfillSchedule(testEnv.client, name, THREE_NIGHTS));
  for (const answer of await Promise.allSettled(asked)) {
    if (answer.status === 'fulfilled') expect(answer.value.due).toHaveLength(3);
    // One that came a moment later.
    else expect(answer.reason).toMatchObject({ code: 'action_refused' });
  }
  resume();
  await haveRun(name);
  expect((await describeSchedule(testEnv.client, name)).started).toBe(3);
});

test('a backfill that is planned while another one begins starts no night twice', async () => {
  const loaded = fileOf('meanwhile');
  const { name } = loaded.pipeline;
  await apply(loaded);
  freeze();
  // Its first night is there when the later one asks for the runs, after it has seen the schedule.
  const client = beforeRequest(testEnv.client, 'listWorkflowExecutions', async () => {
    await backfillSchedule(testEnv.client, name, THREE_NIGHTS);
    await eventually('the first night runs', async () => {
      const runs = testEnv.client.workflow.list({ query: `WorkflowId STARTS_WITH '${name}-'` });
      return !(await runs[Symbol.asyncIterator]().next()).done;
    });
  });
  const code = await codeOf(backfillSchedule(client, name, THREE_NIGHTS));
  resume();
  await haveRun(name);
  expect((await describeSchedule(testEnv.client, name)).started).toBe(3);
  expect(code).toMatch(/^action_refused: .*wait to start/);
});

test.each([
  ['reversed', '2026-03-30T00:00:00Z', '2026-03-28T00:00:00Z', 'ends before it begins'],
  ['in the future', '2026-03-30T00:00:00Z', '2999-01-01T00:00:00Z', 'into the future'],
  ['too long', '2026-01-01T00:00:00Z', '2026-03-28T00:00:00Z', 'has 86 runs, at most 31'],
])('a span that is %s starts nothing', async (_, from, to, says) => {
  const loaded = fileOf('span');
  const { name } = loaded.pipeline;
  await apply(loaded);
  const span = { from: new Date(from), to: new Date(to) };
  const refused = await codeOf(backfillSchedule(testEnv.client, name, span));
  expect(refused).toContain('usage');
  expect(refused).toContain(says);
  expect((await describeSchedule(testEnv.client, name)).started).toBe(0);
});

test('what cannot run by itself is refused', async () => {
  expect(await codeOf(apply(fileOf('none', { schedule: undefined })))).toContain('no `schedule`');
  expect(await codeOf(apply(fileOf('stdin', { rows: { from: '-', key: 'Symbol' } })))).toContain(
    'standard input',
  );
  const inline = Array.from({ length: 5_000 }, (_, n) => ({
    Symbol: `S${n}`,
    Security: 'x'.repeat(60),
  }));
  const rows = { inline, key: 'Symbol', map: { input: 'Security' } };
  expect(await codeOf(apply(fileOf('large', { rows })))).toMatch(/at most 256 KiB/);
  for (const act of [
    describeSchedule,
    pauseSchedule,
    resumeSchedule,
    triggerSchedule,
    deleteSchedule,
  ]) {
    expect(await codeOf(act(testEnv.client, 'no-such-schedule'))).toMatch(/^schedule_not_found/);
  }
});

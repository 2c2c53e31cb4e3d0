import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { PipelineDocument, Rowmill } from '../../src/client/index.ts';
import type { TestEnv } from '../support/test-env.ts';
import { openBackend, pipelineOf as anyPipeline, type Backend } from './backend.ts';

/** Schedules are named for the whole server, which other tests use as well. */
const NAME = `library-${process.pid}`;

let backend: Backend;
let testEnv: TestEnv;
let rowmill: Rowmill;
beforeAll(async () => {
  backend = await openBackend();
  ({ testEnv, rowmill } = backend);
});
afterAll(async () => {
  await rowmill.schedules.delete(NAME).catch(() => undefined);
  await backend.close();
});

const pipelineOf = (at: string): PipelineDocument =>
  anyPipeline(testEnv, { name: NAME, schedule: { at, days: ['sun'] } });

test('each action of a schedule has its effect', async () => {
  const { schedules } = rowmill;
  const pipeline = pipelineOf('02:30');
  expect(await schedules.apply({ pipeline })).toMatchObject({ name: NAME, done: 'created' });
  expect(await schedules.apply({ pipeline })).toMatchObject({ done: 'unchanged' });
  await schedules.pause(NAME, 'the source is being moved');
  // A change keeps the pause.
  expect(await schedules.apply({ pipeline: pipelineOf('03:30') })).toMatchObject({
    done: 'updated',
    changed: ['schedule'],
  });
  expect(await schedules.describe(NAME)).toMatchObject({
    // Wherever the process runs.
    file: 'sent by a backend',
    paused: true,
    note: 'the source is being moved',
    taskQueue: testEnv.taskQueue,
  });
  expect((await schedules.list()).map(({ name }) => name)).toContain(NAME);

  const { workflowId } = await schedules.trigger(NAME);
  const run = await rowmill.attach(workflowId);
  expect(await run.wait()).toMatchObject({ outcome: 'completed', rows: 2 });

  const span = { from: new Date('2026-01-01T00:00:00Z'), to: new Date('2026-01-05T00:00:00Z') };
  const plan = { due: ['2026-01-04T03:30:00.000Z'], existing: [] };
  expect(await schedules.backfill(NAME, span)).toEqual(plan);

  await schedules.resume(NAME);
  expect(await schedules.describe(NAME)).toMatchObject({ paused: false });
  await schedules.delete(NAME);
  await expect(schedules.describe(NAME)).rejects.toMatchObject({ code: 'schedule_not_found' });
});

test('two backends do not overwrite each other’s schedule', async () => {
  const { schedules } = rowmill;
  const pipeline = pipelineOf('02:30');
  await schedules.apply({ pipeline, owner: 'billing' });
  const conflict = { code: 'schedule_conflict' };
  await expect(schedules.apply({ pipeline, owner: 'research' })).rejects.toMatchObject(conflict);
  await expect(schedules.apply({ pipeline })).rejects.toMatchObject(conflict);
  await expect(schedules.apply({ pipeline, owner: ' ' })).rejects.toMatchObject({ code: 'usage' });
  expect(await schedules.describe(NAME)).toMatchObject({ file: 'sent by billing' });
  const taken = await schedules.apply({ pipeline, owner: 'research', replace: true });
  expect(taken).toMatchObject({ done: 'updated', changed: ['file', 'owner'] });
  await schedules.delete(NAME);
});

test('what is refused makes no schedule', async () => {
  const { schedules } = rowmill;
  const pipeline = pipelineOf('02:30');
  const validate = (): never => {
    throw new Error('not here');
  };
  await expect(schedules.apply({ pipeline, validate })).rejects.toThrow('not here');
  const { schedule: _, ...unplanned } = pipeline;
  await expect(schedules.apply({ pipeline: unplanned })).rejects.toMatchObject({ code: 'usage' });
  await expect(schedules.trigger(NAME)).rejects.toMatchObject({ code: 'schedule_not_found' });
});

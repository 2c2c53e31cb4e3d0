import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { cancelRun } from '../../src/client/cancel-run.ts';
import type { StartOptions } from '../../src/client/index.ts';
import { startWork } from '../../src/client/start-run.ts';
import { forget } from '../support/forget.ts';
import { inputFor } from '../support/house.ts';
import { openBackend, pipelineOf, ROWS, type Backend } from './backend.ts';

let backend: Backend;
beforeAll(async () => {
  backend = await openBackend();
});
afterAll(() => backend.close());

const tables = (): number => backend.house.sandbox.ledger.summary().tablesCreated;
const nameOf = (word: string): string => `${word}-${backend.house.taskQueue}`;

const start = (options: Omit<StartOptions, 'pipeline'>, spend = {}) =>
  backend.rowmill.start({ pipeline: pipelineOf(backend.house, { spend }), ...options });

/** One that has done its work, and that Temporal knows nothing of any more. */
async function forgotten(options: Omit<StartOptions, 'pipeline'>): Promise<string> {
  const run = await start(options);
  expect(await run.wait()).toMatchObject({ outcome: 'completed' });
  await forget(backend.house.client, run.id);
  return run.id;
}

test.each([
  ['key', 'Another key starts'],
  ['id', 'Another --id, or --new, starts'],
])('the %s of a run that Temporal has forgotten is not paid for again', async (kind, remedy) => {
  const options = { [kind]: nameOf(kind) };
  const id = await forgotten(options);
  const before = tables();
  await expect(start(options)).rejects.toMatchObject({
    code: 'run_conflict',
    where: `run ${id}`,
    remedy: expect.stringContaining(remedy) as unknown,
  });
  expect(tables()).toBe(before);
});

test('its id is given to a new run by somebody who asks for one', async () => {
  const workflowId = await forgotten({ id: nameOf('new') });
  const { client, taskQueue, store } = backend.house;
  const started = await startWork(client, {
    input: await inputFor(backend.house, ROWS),
    rows: { digest: `sha256:${'a'.repeat(64)}`, rows: 2, bytes: 100 },
    ...{ taskQueue, store, workflowId, fresh: true, searchAttributes: true },
  });
  expect(started).toMatchObject({ workflowId, attached: false });
  await client.workflow.getHandle(workflowId).result();
});

test('a cancelled run that is forgotten starts again by its id, and stays cancelled by its key', async () => {
  for (const kind of ['id', 'key']) {
    const options = { [kind]: nameOf(`cancelled-${kind}`) };
    const run = await start(options, { approveAbove: 0 });
    await cancelRun(backend.house.client, run.id);
    expect(await run.wait()).toMatchObject({ outcome: 'cancelled' });
    await forget(backend.house.client, run.id);
    const again = start({ ...options, approve: true }, { approveAbove: 0 });
    if (kind === 'key') await expect(again).rejects.toMatchObject({ code: 'run_conflict' });
    else expect(await (await again).wait()).toMatchObject({ outcome: 'completed' });
  }
});

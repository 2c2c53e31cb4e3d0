import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { WorkflowHandle } from '@temporalio/client';
import type { LeaseInput, LeaseRun } from '../../workflows/lease-signals.ts';
import { startTestEnv, type TestEnv } from '../support/test-env.ts';

let env: TestEnv;
beforeAll(async () => {
  env = await startTestEnv();
});
afterAll(() => env.close());

const runOf = (workflowId: string): LeaseRun => ({ workflowId, firstRunId: randomUUID() });

/** A lease with a holder that stands for a run: any open workflow does. */
async function leased(quietMs = 0) {
  const start = (workflowId: string, holder: LeaseRun) =>
    env.client.workflow.start<(input: LeaseInput) => Promise<void>>('tableLease', {
      workflowId,
      taskQueue: env.taskQueue,
      args: [{ holder, quietMs }],
    });
  const holder = await start(`run-${randomUUID()}`, runOf('none'));
  const run = runOf(holder.workflowId);
  const id = `rowmill-table:${randomUUID()}`;
  return { holder, run, id, lease: await start(id, run), again: () => start(id, runOf('other')) };
}

const isOpen = async (handle: WorkflowHandle): Promise<boolean> =>
  (await handle.describe()).status.name === 'RUNNING';

test('a second run does not get the lease while the first one has it', async () => {
  const { lease, again, run, holder } = await leased();
  await expect(again()).rejects.toThrow(/already started/i);
  // The run that has it is open: a run that waits changes nothing.
  const waiting = await leased();
  await lease.signal('contend', waiting.run);
  await lease.signal('contend', waiting.run);
  await lease.signal('release', waiting.run);
  await expect(again()).rejects.toThrow(/already started/i);
  expect(await isOpen(lease)).toBe(true);
  await lease.signal('release', run);
  await lease.result();
  const next = await again();
  for (const each of [next, holder, waiting.lease, waiting.holder]) await each.terminate();
});

test('a run that waits is signalled once the lease is released', async () => {
  const { lease, run, holder } = await leased();
  const waiting = await leased();
  await lease.signal('contend', waiting.run);
  await lease.signal('release', run);
  await lease.result();
  const { events } = await waiting.holder.fetchHistory();
  const signals = (events ?? []).flatMap(
    ({ workflowExecutionSignaledEventAttributes: signal }) => signal?.signalName ?? [],
  );
  expect(signals).toContain('leaseFree');
  for (const each of [holder, waiting.lease, waiting.holder]) await each.terminate();
});

test('the lease of a terminated run ends once another run waits', async () => {
  const { lease, holder } = await leased();
  await holder.terminate();
  expect(await isOpen(lease)).toBe(true);
  await lease.signal('contend', runOf('none'));
  await lease.result();
});

test('a new run of the same id ends the lease of the one before it', async () => {
  const { lease, holder } = await leased();
  await lease.signal('contend', runOf(holder.workflowId));
  await lease.result();
  await holder.terminate();
});

test('after a run that was terminated the table stays quiet for a while', async () => {
  const { lease, holder, again } = await leased(3_600_000);
  await holder.terminate();
  await lease.signal('contend', runOf('none'));
  await expect(again()).rejects.toThrow(/already started/i);
  expect(await isOpen(lease)).toBe(true);
  await lease.terminate();
});

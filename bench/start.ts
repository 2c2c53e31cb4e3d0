import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Figure } from './figure.ts';
import { median } from './quantile.ts';
import type { Site } from './site/site.ts';

const STARTS = 3;

/** R14: from the start of the process to the first piece of work it takes from Temporal. */
export async function startFigures(site: Site): Promise<Figure[]> {
  const seconds: number[] = [];
  const bare: number[] = [];
  // Nothing needs to answer there: the workflow's first task is all that is waited for.
  const apiUrl = 'http://127.0.0.1:9';
  for (let at = 0; at < STARTS; at += 1) {
    bare.push(await bareStartSeconds());
    const taskQueue = `bench-start-${at}`;
    const handle = await site.client.workflow.start('enrichTable', {
      workflowId: taskQueue,
      taskQueue,
      args: [{}],
    });
    const worker = await site.worker({ taskQueue, apiUrl });
    seconds.push((await firstTaskAtMs(handle)) / 1_000 - worker.startedAtMs / 1_000);
    await handle.terminate('measured');
    await worker.stop();
  }
  return [
    {
      ratio: 'R14',
      what: 'worker: process start to first task',
      value: median(seconds),
      unit: 's',
      naive: median(bare),
      bar: 3,
      stretch: 1.5,
      origin: 'measured',
      note: `median of ${STARTS}; naive: node with the SDK loaded, and nothing done`,
    },
  ];
}

/** Measures the least that any worker needs to start. */
async function bareStartSeconds(): Promise<number> {
  const startedAtMs = performance.now();
  const code = "await import('@temporalio/worker')";
  const args = ['--input-type=module', '-e', code];
  await once(spawn(process.execPath, args, { cwd: import.meta.dirname, stdio: 'inherit' }), 'exit');
  return (performance.now() - startedAtMs) / 1_000;
}

type Handle = Awaited<ReturnType<Site['client']['workflow']['start']>>;

/** Server and worker are on one machine: one clock. */
async function firstTaskAtMs(handle: Handle): Promise<number> {
  for (;;) {
    const { events } = await handle.fetchHistory();
    const taken = events?.find((event) => event.workflowTaskStartedEventAttributes);
    if (taken?.eventTime) {
      return Number(taken.eventTime.seconds ?? 0) * 1_000 + (taken.eventTime.nanos ?? 0) / 1e6;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Figure } from './figure.ts';
import { plainWorker } from './peers/peers.ts';
import { cpuDuring } from './site/cpu.ts';
import { companyName } from './site/pipeline.ts';
import { TOKEN, type Site } from './site/site.ts';
import { CALM, endAll, pause, starter, untilWaiting } from './waiting-runs.ts';
import { MAIN } from './commands.ts';

/** Runs that wait beside each other: the worker's own work is shared among them, as in use. */
const RUNS = 20;
/** Time in which they come to rest, and time that is measured. */
const SETTLE_MS = 30_000;
const MEASURED_MS = 60_000;

/** R18: CPU time of runs that wait against a plain Temporal worker's, and of a command that follows one. */
export async function waitingCostFigures(site: Site): Promise<Figure[]> {
  const plainS = await plainCost(site);
  const { workerS, followerS } = await ownCost(site);
  if (plainS === null || workerS === null || followerS === null) return [];
  const share = (s: number): number => (s * 1_000) / MEASURED_MS;
  const percent = (s: number): string => `${(share(s) * 100).toFixed(1)} %`;
  return [
    {
      ratio: 'R18',
      what: `CPU of a worker with ${RUNS} waiting runs ÷ a plain Temporal worker's`,
      value: workerS / plainS,
      naive: 1,
      bar: 2,
      stretch: 1.2,
      origin: 'measured',
      note: `${percent(workerS)} ÷ ${percent(plainS)} of a core, which polls every 5 s`,
    },
    {
      ratio: 'R18',
      what: 'CPU of a command that follows a run, of a core',
      value: share(followerS) * 100,
      unit: '%',
      bar: 1,
      origin: 'measured',
      note: `over ${MEASURED_MS / 1_000} s`,
    },
  ];
}

/** CPU time of the worker process and of `rowmill watch`, s. */
async function ownCost(site: Site) {
  const taskQueue = 'bench-waiting-cost';
  const sandbox = await site.sandbox(CALM);
  const worker = await site.worker({ taskQueue, apiUrl: sandbox.url });
  const start = await starter(site, taskQueue);
  const ids = Array.from({ length: RUNS }, (_, at) => `${taskQueue}-${at}`);
  await start(ids);
  await untilWaiting(site, RUNS);
  await pause(SETTLE_MS);
  const { cpuS: workerS } = await cpuDuring(worker.pid, () => pause(MEASURED_MS));
  const watch = spawn(process.execPath, [MAIN, 'watch', ids[0] ?? ''], {
    stdio: 'ignore',
    env: {
      PATH: process.env['PATH'],
      HOME: process.env['HOME'],
      TEMPORAL_ADDRESS: site.address,
      ROWMILL_TASK_QUEUE: taskQueue,
      ROWMILL_STORE: site.store,
    },
  });
  const ended = once(watch, 'exit');
  await pause(SETTLE_MS);
  const { cpuS: followerS } = await cpuDuring(watch.pid ?? 0, () => pause(MEASURED_MS));
  watch.kill('SIGTERM');
  await ended;
  await endAll(site, ids);
  await worker.stop();
  await sandbox.stop();
  return { workerS, followerS };
}

/** CPU time of a plain worker, s: its runs poll every 5 s. */
async function plainCost(site: Site): Promise<number | null> {
  const taskQueue = 'bench-plain-cost';
  const sandbox = await site.sandbox(CALM);
  const folder = join(site.folder, taskQueue);
  await mkdir(folder, { recursive: true });
  const settings = { temporal: site.address, taskQueue, apiUrl: sandbox.url, token: TOKEN, folder };
  const worker = await plainWorker(settings);
  const ids = Array.from({ length: RUNS }, (_, at) => `${taskQueue}-${at}`);
  for (const workflowId of ids) {
    const args = [[companyName(0), companyName(1)]];
    await site.client.workflow.start('enrichPlainly', { workflowId, taskQueue, args });
  }
  await pause(SETTLE_MS);
  const { cpuS } = await cpuDuring(worker.pid, () => pause(MEASURED_MS));
  await endAll(site, ids);
  await worker.stop();
  await sandbox.stop();
  return cpuS;
}

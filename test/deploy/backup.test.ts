import { expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import type { RunSummary } from '../../src/contract/run.ts';
import { startTemporalServer } from '../../src/dev/temporal/server.ts';
import { createWebhooks } from '../../src/notify/webhooks.ts';
import { createProviders } from '../../src/providers/registry.ts';
import { createFileStore } from '../../src/store/disk/file-store.ts';
import { startWorker } from '../../src/worker/worker.ts';
import { manualClock } from '../support/manual-clock.ts';
import { pipelineInputFor, startTestEnv, type TestEnv } from '../support/test-env.ts';
import { allEnv, companies } from '../support/providers/cases.ts';
import { eventually } from '../support/eventually.ts';

const ROWS = companies(6);
const ID = 'in-progress';
const run = { minPollInterval: '100ms', maxPollInterval: '1s', stallAfter: '10m', deadline: '30m' };

/** Copies the server's files at one moment, as a snapshot of the disk does: SQLite recovers it. */
async function copyDatabase(pid: number | null, dbFile: string, to: string): Promise<void> {
  if (pid === null) throw new Error('the server has no process of its own');
  await mkdir(dirname(to), { recursive: true });
  await eventually('the server stands still', () => {
    process.kill(pid, 'SIGSTOP');
    return process.platform !== 'linux' || /\) T /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  });
  try {
    for (const ending of ['', '-wal', '-journal']) {
      await cp(`${dbFile}${ending}`, `${to}${ending}`).catch((error: unknown) => {
        if (ending === '') throw error;
      });
    }
  } finally {
    process.kill(pid, 'SIGCONT');
  }
}

/** Another server and another worker, on the copies alone; the provider is where it is now. */
async function endRestored(testEnv: TestEnv, dbFile: string, storeFolder: string) {
  const server = await startTemporalServer({ dbFile });
  const { address } = server;
  const worker = await startWorker({
    deps: {
      store: createFileStore(storeFolder),
      searchAttributes: true,
      commitWaitFactor: 0.2,
      providers: createProviders({
        ...allEnv(testEnv.sandbox.url),
        ROWMILL_REQUESTS_PER_SECOND: '500',
      }),
      webhooks: createWebhooks({}),
    },
    taskQueue: testEnv.taskQueue,
    target: { address, ignoreProfileFile: true },
    ...(process.env['ROWMILL_TEST_BUNDLE'] === undefined
      ? {}
      : { bundlePath: process.env['ROWMILL_TEST_BUNDLE'] }),
    shutdownGraceMs: 100,
  });
  const connection = await Connection.connect({ address });
  try {
    const handle = new Client({ connection }).workflow.getHandle(ID);
    const before = (await handle.describe()).status.name;
    return { before, summary: (await handle.result()) as RunSummary }; // our own workflow's result
  } finally {
    await worker.stop();
    await connection.close();
    await server.stop();
  }
}

interface Backup {
  /** The store is copied at once, or when the run that goes on after the backup has ended. */
  store: 'at once' | 'after the end';
  moment: 'before its table is made' | 'while cells are worked on';
}

/** A run whose backup is taken in the middle, which then goes on to its end and is restored. */
async function restoredRun({ store, moment }: Backup) {
  const folder = await mkdtemp(join(tmpdir(), 'rowmill-backup-'));
  const dbFile = join(folder, 'temporal', 'temporal.db');
  const saved = { db: join(folder, 'saved', 'temporal.db'), store: join(folder, 'saved', 'store') };
  const server = await startTemporalServer({ dbFile });
  const clock = manualClock();
  let houseStore = '';
  const copyStore = () => cp(houseStore, saved.store, { recursive: true });
  let backedUp: Promise<void> | null = null;
  const backUp = (): Promise<void> =>
    (backedUp ??= (async () => {
      await copyDatabase(server.pid, dbFile, saved.db);
      if (store === 'at once') await copyStore();
    })());
  const testEnv = await startTestEnv({
    address: server.address,
    sandbox: {
      failRate: 0,
      alwaysFailsRate: 0,
      realMs: clock.realMs,
      intercept: async ({ phase, method, route }) => {
        const makesTable = phase === 'before' && method === 'POST' && route === '/v1/tables';
        if (makesTable && moment === 'before its table is made') await backUp();
        return undefined;
      },
    },
  });
  houseStore = testEnv.store.location;
  let closed = false;
  const close = async (): Promise<void> => {
    if (closed) return;
    closed = true;
    await testEnv.worker.stop();
    await server.stop();
  };
  try {
    const { ledger } = testEnv.sandbox;
    if (moment === 'while cells are worked on') clock.freeze();
    const handle = await testEnv.client.workflow.start('enrichTable', {
      workflowId: ID,
      taskQueue: testEnv.taskQueue,
      args: [await pipelineInputFor(testEnv, ROWS, { run })],
    });
    if (moment === 'while cells are worked on') {
      await eventually('the run waits for cells', async () => {
        const { raw } = await handle.describe();
        return raw.pendingActivities?.[0]?.activityType?.name === 'awaitIdle';
      });
      await backUp();
      clock.resume();
    }
    await handle.result();
    expect(backedUp).not.toBeNull();
    if (store === 'after the end') await copyStore();
    await close();
    const restored = await endRestored(testEnv, saved.db, saved.store);
    const rows = (await readFile(join(testEnv.folder, 'out', 'results.jsonl'), 'utf8')).trim();
    return { ...restored, rows: rows.split('\n').length, totals: ledger.summary() };
  } finally {
    await close();
    await testEnv.close().catch(() => undefined);
    await rm(folder, { recursive: true, force: true });
  }
}

const CASES: Backup[] = [
  { moment: 'before its table is made', store: 'after the end' },
  { moment: 'while cells are worked on', store: 'at once' },
];

test.each(CASES)(
  'a run that is restored from $moment (store copied $store) pays no cell twice',
  async (backup) => {
    const { before, summary, rows, totals } = await restoredRun(backup);
    expect(before).toBe('RUNNING');
    expect(summary.outcome).toBe('completed');
    expect(summary.cells.done).toBe(ROWS.length);
    expect(rows).toBe(ROWS.length);
    expect([totals.tablesCreated, totals.rowsCreated, totals.cellsPaid]).toEqual([1, 6, 6]);
  },
);

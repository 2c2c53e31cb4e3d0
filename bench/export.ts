import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import { collectResults } from '../activities/collect-results.ts';
import type { CollectedResults, CollectResultsInput } from '../activities/collect-results.ts';
import { RUN_FILE } from '../src/contract/names.ts';
import { createLimiter } from '../src/http/limiter.ts';
import { createExtructProvider } from '../src/providers/extruct/provider.ts';
import { createProviders } from '../src/providers/registry.ts';
import { createFileStore } from '../src/store/disk/file-store.ts';
import type { SnapshotRef } from '../src/contract/rows.ts';
import type { TableSpec } from '../src/contract/pipeline.ts';
import type { Figure } from './figure.ts';
import { bareApi } from './naive/api.ts';
import { bareExport } from './naive/bare-loop.ts';
import { median } from './quantile.ts';

/** A finished table, and its frozen input. */
export interface ExportJob {
  /** Folder for the files that are written. */
  folder: string;
  apiUrl: string;
  token: string;
  tableId: string;
  spec: TableSpec;
  /** Path of `rows.jsonl`. */
  snapshotFile: string;
  snapshot: SnapshotRef;
}

const ROUNDS = 5;

/**
 * R8: the whole step that reads the results (pages checked row by row, cells judged, parts written
 * with checkpoints, joined with the input) against a loop that only fetches, parses and writes.
 */
export async function exportFigures(job: ExportJob, where: string): Promise<Figure[]> {
  const ours: number[] = [];
  const bare: number[] = [];
  // Turn by turn: what slows the machine down slows both.
  for (let round = 0; round <= ROUNDS; round += 1) {
    const bareMs = await timed(() => bareOnce(job));
    const oursMs = await timed(() => collectOnce(job, round));
    // The first round warms up.
    if (round === 0) continue;
    ours.push(oursMs);
    bare.push(bareMs);
  }
  return [
    {
      ratio: 'R8',
      what: `export rows/s ÷ bare fetch, parse, write; ${where}`,
      value: median(bare) / median(ours),
      better: 'high',
      naive: 1,
      bar: 0.7,
      stretch: 0.9,
      origin: 'measured',
      note: `${job.snapshot.rows} rows, median of ${ROUNDS}`,
    },
  ];
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedAtMs = performance.now();
  await work();
  return performance.now() - startedAtMs;
}

const bareOnce = ({ apiUrl, token, tableId, folder }: ExportJob): Promise<number> =>
  bareExport(bareApi(apiUrl, token), tableId, join(folder, 'bare.jsonl'));

async function collectOnce(job: ExportJob, round: number): Promise<void> {
  const store = createFileStore(join(job.folder, 'export'));
  const run = { workflowId: 'export', firstRunId: `round-${round}` };
  const folder = store.run(run);
  await mkdir(folder.path, { recursive: true });
  await copyFile(job.snapshotFile, folder.locate(RUN_FILE.rows));
  const provider = createExtructProvider({
    baseUrl: job.apiUrl,
    token: job.token,
    limiter: createLimiter({ ratePerSecond: 1e6 }),
  });
  const table = await provider.ensureColumns({ id: job.tableId }, job.spec, {});
  const step = collectResults({
    store,
    providers: { ...createProviders({}), get: () => provider },
    searchAttributes: false,
  });
  const input: CollectResultsInput = {
    run,
    provider: 'extruct',
    table,
    snapshot: job.snapshot,
    scan: 1,
    kind: 'first',
    trouble: { mayYield: false, sinceMs: null },
  };
  const { scanResult } = await new MockActivityEnvironment().run<
    [CollectResultsInput],
    CollectedResults,
    typeof step
  >(step, input);
  if (scanResult.rows !== job.snapshot.rows) throw new Error('rows are missing in the export');
}

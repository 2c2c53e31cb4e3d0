import { join } from 'node:path';
import { ServiceError, type WorkflowHandle } from '@temporalio/client';
import type { EnrichTableInput, RunSummary } from '../../src/contract/run.ts';
import type { SnapshotRef } from '../../src/contract/rows.ts';
import { startRun } from '../../src/client/runs/start.ts';
import { stageRows } from '../../src/client/pipelines/stage.ts';
import { createFileStore } from '../../src/store/disk/file-store.ts';
import type { Figure } from '../figure.ts';
import { quantile, sum } from '../quantile.ts';
import { pollLagSeconds } from '../site/poll-lag.ts';
import { benchPipeline } from '../site/pipeline.ts';
import type { Site } from '../site/site.ts';
import { someAtOnce } from '../waiting-runs.ts';
import type { ScaleOptions } from './options.ts';
import { endTeam, requestsOf, startTeam, usageDuring, usageText } from './team.ts';

const TASK_QUEUE = 'scale-night';
/** Cells of 60 to 180 s go by in 1 to 3 s. */
const SANDBOX = { speed: 60, concurrency: 50_000, failRate: 0, alwaysFailsRate: 0 };

/** Sizes of the pipelines of a night, and their part of it. */
const SIZES = [
  { word: 'tiny', part: 0.6, rows: 10 },
  { word: 'small', part: 0.3, rows: 100 },
  { word: 'medium', part: 0.09, rows: 500 },
  { word: 'large', part: 0.01, rows: 2_000 },
] as const;

interface Planned {
  id: string;
  size: string;
  input: EnrichTableInput & { snapshot: SnapshotRef };
}

interface Ended extends Planned {
  summary: RunSummary;
  afterS: number;
  historyBytes: number;
}

/** Runs so many pipelines of mixed sizes on so many workers, all started together. */
export async function nightFigures(site: Site, asked: ScaleOptions): Promise<Figure[]> {
  const { workers, pipelines, rate } = asked;
  const planned = await plan(site, pipelines);
  const team = await startTeam(site, { taskQueue: TASK_QUEUE, workers, rate, sandbox: SANDBOX });
  const {
    result: ended,
    usage,
    seconds,
  } = await usageDuring(team, site, () => runAll(site, planned));
  const requests = await Promise.all(team.workers.map(requestsOf));
  const lags = await Promise.all(team.workers.map((worker) => pollLagSeconds(worker, 0.95)));
  await endTeam(team);
  const calls = sum(requests.map(({ all }) => all));
  const rows = sum(ended.map(({ summary }) => summary.rows));
  const whole = ended.filter(({ summary: { outcome, cells, rows: its } }) => {
    return outcome === 'completed' && cells.done + cells.empty === its;
  });
  const bytes = ended.map(({ historyBytes }) => historyBytes / 1_024);
  const shares = requests.map(({ all }) => ((100 * all) / calls).toFixed(0));
  const line = { ratio: 'R24', origin: 'measured' } as const;
  return [
    {
      ...line,
      what: `pipelines of a night on ${workers} workers, whole at their end`,
      value: whole.length,
      unit: 'runs',
      better: 'high',
      bar: pipelines,
      note: `${rows} rows in ${seconds.toFixed(0)} s`,
    },
    {
      ...line,
      what: 'their wall clock ÷ what the rate limit takes for their requests',
      value: seconds / (calls / rate),
      note: `${calls} requests at ${rate}/s; by worker: ${shares.join(', ')} %`,
    },
    {
      ...line,
      what: 'requests refused (429)',
      value: sum(requests.map(({ refused }) => refused)),
      note: ['worker', 'sandbox', 'Temporal'].map((name) => usageText(usage, name)).join('; '),
    },
    {
      ...line,
      what: 'history of a run, largest',
      value: Math.max(...bytes),
      unit: 'KB',
      bar: 48,
      note: `half of them below ${quantile(bytes, 0.5).toFixed(1)} KB; polls late by ${lags.join(', ')} s at p95`,
    },
    ...SIZES.flatMap(({ word }): Figure[] => {
      const times = ended.filter(({ size }) => size === word).map(({ afterS }) => afterS);
      if (times.length < 2) return [];
      const [first, middle, last] = [0, 0.5, 1].map((part) => quantile(times, part).toFixed(0));
      return [
        {
          ...line,
          what: `fair among ${word} ones: the last ÷ the one in the middle`,
          value: quantile(times, 1) / quantile(times, 0.5),
          bar: 2,
          note: `${times.length} of them, after ${first} to ${last} s, half of them after ${middle} s`,
        },
      ];
    }),
  ];
}

async function plan(site: Site, pipelines: number): Promise<Planned[]> {
  const store = createFileStore(site.store);
  const planned: Planned[] = [];
  for (let nth = 0; nth < pipelines; nth += 1) {
    const { word, rows } = sizeOf(nth, pipelines);
    const name = `${word}-${nth}`;
    const pipeline = await benchPipeline(join(site.folder, 'night', name), rows, name);
    const snapshot = await stageRows(pipeline, store);
    planned.push({
      id: `scale-${name}`,
      size: word,
      input: { pipeline, snapshot, approved: true },
    });
  }
  return planned;
}

/** Large ones first: the small ones come to workers that have their hands full. */
function sizeOf(nth: number, pipelines: number) {
  let before = 0;
  for (const size of SIZES.toReversed()) {
    before += Math.max(1, Math.round(size.part * pipelines));
    if (nth < before) return size;
  }
  return SIZES[0];
}

async function runAll(site: Site, planned: readonly Planned[]): Promise<Ended[]> {
  const beganMs = performance.now();
  const ended: Ended[] = [];
  const byId = new Map(planned.map((run) => [run.id, run]));
  const ends: Promise<void>[] = [];
  // Taken from the end of the list.
  await someAtOnce([...byId.keys()].toReversed(), async (workflowId) => {
    const run = byId.get(workflowId);
    if (run === undefined) return;
    const { input } = run;
    await startRun(site.client, {
      input,
      taskQueue: TASK_QUEUE,
      workflowId,
      searchAttributes: true,
    });
    ends.push(
      (async () => {
        const handle = site.client.workflow.getHandle(workflowId);
        const summary = await endOf(handle);
        const afterS = (performance.now() - beganMs) / 1_000;
        const { raw } = await handle.describe();
        const historyBytes = Number(raw.workflowExecutionInfo?.historySizeBytes ?? 0);
        ended.push({ ...run, summary, afterS, historyBytes });
      })(),
    );
  });
  await Promise.all(ends);
  return ended;
}

/** A busy server may drop one of a thousand waits: it is asked again. */
async function endOf(handle: WorkflowHandle): Promise<RunSummary> {
  for (;;) {
    try {
      // The workflow type gives back a RunSummary.
      return (await handle.result()) as RunSummary;
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
    }
  }
}

import { join } from 'node:path';
import type { EnrichTableInput, RunSummary } from '../src/contract/run.ts';
import type { SnapshotRef } from '../src/contract/rows.ts';
import { startRun } from '../src/client/runs/start.ts';
import { stageRows } from '../src/client/pipelines/stage.ts';
import { createFileStore } from '../src/store/disk/file-store.ts';
import type { Figure } from './figure.ts';
import { quantile } from './quantile.ts';
import { peakDuring } from './site/memory.ts';
import { benchPipeline } from './site/pipeline.ts';
import type { Site } from './site/site.ts';

const LARGE = { runs: 40, rows: 2_000 };
const SMALL = { runs: 160, rows: 10 };
const RUNS = LARGE.runs + SMALL.runs;

/** Ten times the product's own limit: the figures are ratios to it, and a bench must end. */
const REQUESTS_PER_SECOND = 100;
const CALM = { speed: 60, concurrency: 5_000, failRate: 0, alwaysFailsRate: 0 };

interface Ended {
  summary: RunSummary;
  /** Time since the first start of all. */
  afterMs: number;
}

/** R16: so many pipelines at once on one worker, to their end; whether each gets its turn. */
export async function manyFigures(site: Site): Promise<Figure[]> {
  const taskQueue = 'bench-many';
  const sandbox = await site.sandbox(CALM);
  const settings = { taskQueue, apiUrl: sandbox.url, requestsPerSecond: REQUESTS_PER_SECOND };
  const worker = await site.worker(settings);
  // Large ones first: the small ones come to a worker that has its hands full.
  const large = await inputsOf(site, 'large', LARGE);
  const small = await inputsOf(site, 'small', SMALL);
  const { result, peakBytes } = await peakDuring(worker.pid, async () => {
    const beganMs = performance.now();
    const run = (inputs: Input[]) => runAll(site, inputs, taskQueue, beganMs);
    const [ofLarge, ofSmall] = await Promise.all([run(large), run(small)]);
    return { ofLarge, ofSmall };
  });
  await worker.stop();
  return figuresOf(result.ofLarge, result.ofSmall, peakBytes);
}

type Input = EnrichTableInput & { snapshot: SnapshotRef };

async function inputsOf(
  site: Site,
  word: string,
  { runs, rows }: { runs: number; rows: number },
): Promise<Input[]> {
  const inputs: Input[] = [];
  for (let at = 0; at < runs; at += 1) {
    const name = `${word}-${at}`;
    const pipeline = await benchPipeline(join(site.folder, 'many', name), rows, name);
    const snapshot = await stageRows(pipeline, createFileStore(site.store));
    inputs.push({ pipeline, snapshot, approved: true });
  }
  return inputs;
}

function runAll(site: Site, inputs: Input[], taskQueue: string, beganMs: number): Promise<Ended[]> {
  return Promise.all(
    inputs.map(async (input) => {
      const workflowId = `bench-many-${input.pipeline.name}`;
      await startRun(site.client, { input, taskQueue, workflowId, searchAttributes: true });
      // The workflow type gives back a RunSummary.
      const summary = (await site.client.workflow.getHandle(workflowId).result()) as RunSummary;
      return { summary, afterMs: performance.now() - beganMs };
    }),
  );
}

function figuresOf(large: Ended[], small: Ended[], peakBytes: number | null): Figure[] {
  const all = [...large, ...small];
  const whole = (ended: Ended): boolean => {
    const { outcome, cells, rows } = ended.summary;
    return outcome === 'completed' && cells.done + cells.empty === rows;
  };
  const calls = all.reduce((sum, { summary }) => sum + summary.apiCalls.total, 0);
  const allowedS = calls / REQUESTS_PER_SECOND;
  const lastS = secondsAt(all, 1);
  const ratio = { ratio: 'R16', origin: 'measured' } as const;
  const memory = peakBytes === null ? '' : `, ${Math.round(peakBytes / 2 ** 20)} MiB, the peak`;
  return [
    {
      ...ratio,
      what: `pipelines at once, whole at their end`,
      unit: 'runs' as const,
      value: all.filter(whole).length,
      better: 'high' as const,
      bar: RUNS,
      note: `${LARGE.runs} of ${LARGE.rows} rows, ${SMALL.runs} of ${SMALL.rows}${memory}`,
    },
    {
      ...ratio,
      what: 'their wall clock ÷ what the rate limit takes for their requests',
      value: lastS / allowedS,
      note: `${lastS.toFixed(0)} s, ${calls} requests at ${REQUESTS_PER_SECOND}/s`,
    },
    {
      ...ratio,
      what: 'fair among large ones: the last ÷ the one in the middle',
      value: lateness(large),
      bar: 2,
      note: span(large),
    },
    {
      ...ratio,
      what: 'fair among small ones beside them: the same',
      value: lateness(small),
      bar: 2,
      note: span(small),
    },
  ];
}

/** Started together and alike, they should end together. */
const lateness = (ended: Ended[]): number => secondsAt(ended, 1) / secondsAt(ended, 0.5);

const span = (ended: Ended[]): string => {
  const [first, middle, last] = [0, 0.5, 1].map((share) => secondsAt(ended, share).toFixed(0));
  return `after ${first} to ${last} s, half of them after ${middle} s`;
};

const secondsAt = (ended: Ended[], share: number): number =>
  quantile(
    ended.map(({ afterMs }) => afterMs / 1_000),
    share,
  );

import { slicesInRealTime } from './course-of-a-run.ts';
import type { Figure } from './figure.ts';
import type { BenchOptions } from './options.ts';
import { bareApi } from './naive/api.ts';
import { naiveRun, type NaiveRun } from './naive/script.ts';
import { COLUMNS, companyName } from './site/pipeline.ts';
import { TOKEN, type Site } from './site/site.ts';
import { wholeRun, type WholeRun } from './site/whole-run.ts';
import { join } from 'node:path';

/** Cells of 60 to 180 s go by in half a second; all runs fit into one slice. */
const FAST = { speed: 300, concurrency: 5_000, failRate: 0, hopelessRate: 0 };

const WARM_UPS = 2;

export interface SizedRuns {
  runs: WholeRun[];
  naive: NaiveRun;
  apiUrl: string;
}

/** The same pipeline over 1 k, 10 k and 100 k rows, on one worker, without faults. */
export async function sizedRuns(site: Site, { quick }: BenchOptions): Promise<SizedRuns> {
  const sandbox = await site.sandbox(FAST);
  const taskQueue = 'bench-sizes';
  // The rate limit is for the API's sake; here it would only make the run longer.
  const worker = await site.worker({ taskQueue, apiUrl: sandbox.url, requestsPerSecond: 1_000 });
  const run = (rows: number, name: string): Promise<WholeRun> =>
    wholeRun(site, worker, { id: `bench-${name}`, rows, taskQueue });
  for (let at = 0; at < WARM_UPS; at += 1) await run(1_000, `warm-up-${at}`);
  const runs: WholeRun[] = [];
  for (const rows of quick ? [1_000, 10_000] : [1_000, 10_000, 100_000]) {
    runs.push(await run(rows, String(rows)));
  }
  await worker.stop();
  const naive = await naiveRun(bareApi(sandbox.url, TOKEN), {
    rows: Array.from({ length: 1_000 }, (_, at) => companyName(at)),
    columns: COLUMNS,
    file: join(site.folder, 'naive.jsonl'),
  });
  return { runs, naive, apiUrl: sandbox.url };
}

/** 1 create, adds of 50 rows, 1 run, pages of 100 rows: without a look at anything. */
export const leastCalls = (rows: number): number =>
  1 + Math.ceil(rows / 50) + 1 + Math.ceil(rows / 100);

const thousands = (rows: number): string => `${rows / 1_000} k rows`;

/** R1: what it costs to look before each step, against a script that never looks. */
export function callFigures({ runs, naive }: SizedRuns): Figure[] {
  return runs.map(({ rows, summary }) => {
    const { total, polls } = summary.apiCalls;
    const naiveCalls = (naive.calls - naive.polls) / leastCalls(naive.rows);
    return {
      ratio: 'R1',
      what: `API calls ÷ least possible, ${thousands(rows)}`,
      value: (total - polls) / leastCalls(rows),
      // A fixed number of looks: among a thousand rows they weigh more.
      ...(rows < 10_000 ? {} : { bar: 1.05, stretch: 1 }),
      ...(rows === naive.rows ? { naive: naiveCalls } : {}),
      origin: 'measured',
      note: `${total - polls} of ${leastCalls(rows)}: ${total - polls - leastCalls(rows)} looks`,
    };
  });
}

/** R6: what a run leaves in Temporal, which must not grow with its rows. */
export function historyFigures({ runs }: SizedRuns): Figure[] {
  const bytes = runs.map(({ historyBytes }) => historyBytes);
  const tenThousand = runs.find(({ rows }) => rows === 10_000);
  const spread = Math.max(...bytes) / Math.min(...bytes) - 1;
  return [
    ...runs.map(({ rows, historyBytes, steps }): Figure => ({
      ratio: 'R6',
      what: `history, ${thousands(rows)}`,
      value: historyBytes / 1_024,
      unit: 'KB',
      bar: 48,
      stretch: 24,
      origin: 'measured',
      note: `${steps['awaitIdle'] ?? 0} slice`,
    })),
    ...(tenThousand === undefined ? [] : [longHistory(tenThousand)]),
    {
      ratio: 'R6',
      what: 'history, largest above smallest',
      value: spread * 100,
      unit: '%',
      bar: 10,
      origin: 'measured',
      note: '±5 % = 10 % between the two',
    },
  ];
}

/** The runs above are over in one slice of waiting; one at the API's own pace has more. */
function longHistory({ rows, historyBytes, sliceBytes }: WholeRun): Figure {
  const slices = slicesInRealTime();
  return {
    ratio: 'R6',
    what: `history, ${thousands(rows)} at the API's own pace`,
    value: (historyBytes + (slices - 1) * sliceBytes) / 1_024,
    unit: 'KB',
    bar: 48,
    stretch: 24,
    origin: 'measured and simulated',
    note: `${slices} slices of ${Math.round(sliceBytes)} bytes`,
  };
}

/** R7: what rows cost the worker's memory. */
export function memoryFigures({ runs }: SizedRuns): Figure[] {
  const [small, ...larger] = runs;
  const least = small?.peakBytes ?? null;
  if (least === null) return [];
  return larger.flatMap(({ rows, peakBytes }): Figure[] =>
    peakBytes === null
      ? []
      : [
          {
            ratio: 'R7',
            what: `worker memory at ${thousands(rows)} ÷ at 1 k`,
            value: peakBytes / least,
            ...(rows < 100_000 ? {} : { bar: 1.25, stretch: 1.1 }),
            origin: 'measured',
            note: `${mebibytes(peakBytes)} ÷ ${mebibytes(least)} MiB, peaks`,
          },
        ],
  );
}

const mebibytes = (bytes: number): number => Math.round(bytes / 2 ** 20);

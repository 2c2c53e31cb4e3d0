import { slicesInRealTime } from './failing-run.ts';
import type { Figure } from './figure.ts';
import type { BenchOptions } from './options.ts';
import { bareApi } from './naive/api.ts';
import { naiveRun, type NaiveRun } from './naive/script.ts';
import { COLUMNS, type BenchCase } from './cases.ts';
import { companyName } from './site/pipeline.ts';
import { TOKEN, type Site } from './site/site.ts';
import { wholeRun, type WholeRun } from './site/whole-run.ts';
import { join } from 'node:path';

/** Cells of 60 to 180 s go by in half a second; all runs fit into one slice. */
export const FAST = { speed: 300, concurrency: 5_000, failRate: 0, alwaysFailsRate: 0 };

const WARM_UPS = 2;

export interface SizedRuns {
  its: BenchCase;
  runs: WholeRun[];
  /** `null` where no script speaks the provider's language. */
  naive: NaiveRun | null;
  apiUrl: string;
}

/** Runs one pipeline over 1 k, 10 k and 100 k rows, on one worker, without faults. */
export async function sizedRuns(
  site: Site,
  its: BenchCase,
  { quick }: BenchOptions,
): Promise<SizedRuns> {
  const sandbox = await site.sandbox(FAST);
  const taskQueue = `bench-sizes-${its.provider}`;
  // The rate limit is for the API's sake; here it would only make the run longer.
  const worker = await site.worker({ taskQueue, apiUrl: sandbox.url, requestsPerSecond: 1_000 });
  const run = (rows: number, name: string): Promise<WholeRun> =>
    wholeRun(site, worker, { id: `bench-${its.provider}-${name}`, rows, taskQueue, its });
  for (let at = 0; at < WARM_UPS; at += 1) await run(1_000, `warm-up-${at}`);
  const runs: WholeRun[] = [];
  for (const rows of quick ? [1_000, 10_000] : [1_000, 10_000, 100_000]) {
    runs.push(await run(rows, String(rows)));
  }
  await worker.stop();
  const naive = its.naive ? await naiveOn(sandbox.url, site.folder) : null;
  return { its, runs, naive, apiUrl: sandbox.url };
}

const naiveOn = (apiUrl: string, folder: string): Promise<NaiveRun> =>
  naiveRun(bareApi(apiUrl, TOKEN), {
    rows: Array.from({ length: 1_000 }, (_, at) => companyName(at)),
    columns: COLUMNS,
    file: join(folder, 'naive.jsonl'),
  });

const thousands = (rows: number): string => `${rows / 1_000} k rows`;

/** R1: cost of reading the state before each step, against a script that never reads it. */
export function callFigures({ its, runs, naive }: SizedRuns): Figure[] {
  return runs.map(({ rows, summary }) => {
    const { total, polls } = summary.apiCalls;
    const least = its.leastCalls(rows);
    return {
      ratio: 'R1',
      provider: its.provider,
      what: `API calls ÷ least possible, ${thousands(rows)}`,
      value: (total - polls) / least,
      // The number of these reads is fixed: among a thousand rows they weigh more.
      ...(rows < 10_000 ? {} : { bar: 1.05, stretch: 1 }),
      ...(rows === naive?.rows ? { naive: (naive.calls - naive.polls) / least } : {}),
      origin: 'measured',
      note: `${total - polls} of ${least}: ${total - polls - least} other readings`,
    };
  });
}

/** R6: what a run leaves in Temporal, which must not grow with its rows. */
export function historyFigures({ its, runs }: SizedRuns): Figure[] {
  const { provider } = its;
  const bytes = runs.map(({ historyBytes }) => historyBytes);
  const tenThousand = runs.find(({ rows }) => rows === 10_000);
  const spread = Math.max(...bytes) / Math.min(...bytes) - 1;
  return [
    ...runs.map(({ rows, historyBytes, steps }): Figure => ({
      ratio: 'R6',
      provider,
      what: `history, ${thousands(rows)}`,
      value: historyBytes / 1_024,
      unit: 'KB',
      bar: 48,
      stretch: 24,
      origin: 'measured',
      note: `${steps['awaitIdle'] ?? 0} slice`,
    })),
    ...(tenThousand === undefined ? [] : [longHistory(tenThousand, its)]),
    {
      ratio: 'R6',
      provider,
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
function longHistory(
  { rows, historyBytes, sliceBytes }: WholeRun,
  { provider }: BenchCase,
): Figure {
  const slices = slicesInRealTime();
  return {
    ratio: 'R6',
    provider,
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
export function memoryFigures({ its, runs }: SizedRuns): Figure[] {
  const [small, ...larger] = runs;
  const least = small?.peakBytes ?? null;
  if (least === null) return [];
  return larger.flatMap(({ rows, peakBytes }): Figure[] =>
    peakBytes === null
      ? []
      : [
          {
            ratio: 'R7',
            provider: its.provider,
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

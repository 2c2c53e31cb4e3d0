import type { BenchCase } from './cases.ts';
import type { Figure } from './figure.ts';
import { median, sum } from './quantile.ts';
import { watchBoth, type Watched } from './simulation/survey.ts';
import type { RunShape } from './simulation/shape.ts';
import type { Site } from './site/site.ts';
import { wholeRun, type WholeRun } from './site/whole-run.ts';

const ROWS = 10_000;

/** Some cells fail, so that there are reruns; at the product's own rate limit. */
const FAILING = { speed: 300, concurrency: 5_000, failRate: 0.04, alwaysFailsRate: 0.004 };

/** 10 k rows with failing cells at 10 requests a second: everything but the waiting is as it is. */
export async function failingRun(site: Site, its: BenchCase): Promise<WholeRun> {
  const sandbox = await site.sandbox(FAILING);
  const taskQueue = `bench-failing-${its.provider}`;
  const worker = await site.worker({ taskQueue, apiUrl: sandbox.url });
  try {
    return await wholeRun(site, worker, { id: taskQueue, rows: ROWS, taskQueue, its });
  } finally {
    await worker.stop();
    await sandbox.stop();
  }
}

/** Slices of waiting in one pass over 10 k rows that lasts as long as it does. */
export const slicesInRealTime = (): number => passesOf(1)[0]?.rules.slices ?? 1;

/** The passes of that run on the real clock of the API: cells of 60 to 180 s, 50 at once. */
function passesOf(seed: number): Watched[] {
  const first: RunShape = {
    seed,
    family: 'research',
    rows: ROWS,
    columns: 1,
    chained: false,
    systemColumns: true,
    doneBefore: 0,
    concurrency: 50,
    pace: 'even',
    cellMs: { min: 60_000, max: 180_000 },
    durations: 'between',
    failRate: FAILING.failRate + FAILING.alwaysFailsRate,
    stragglers: 'none',
    countRequested: true,
    statusLagMs: 300,
  };
  const failed = Math.round(ROWS * first.failRate);
  const alwaysFailing = Math.round(ROWS * FAILING.alwaysFailsRate);
  const again = { ...first, family: 'rerun' as const, systemColumns: false };
  const doneBefore = ROWS * 4 - failed;
  return [
    first,
    { ...again, rows: failed, failRate: alwaysFailing / failed, doneBefore },
    { ...again, rows: alwaysFailing, failRate: 1, doneBefore: ROWS * 4 - alwaysFailing },
  ].map(watchBoth);
}

const SEEDS = 5;

/** R4: steps as measured, waiting as simulated, over the time the cells take. */
export function wallFigures(run: WholeRun): Figure[] {
  const stepsMs = run.totalMs - run.waitingMs;
  const ratio = (by: 'rules' | 'fixed'): number =>
    median(
      Array.from({ length: SEEDS }, (_, seed) => {
        const passes = passesOf(seed + 1).slice(0, run.summary.passes);
        const noticedMs = sum(passes.map((pass) => pass[by].noticedAtMs));
        return (stepsMs + noticedMs) / sum(passes.map(({ idleAtMs }) => idleAtMs));
      }),
    );
  return [
    {
      ratio: 'R4',
      what: "wall clock ÷ the cells' own time, 10 k rows",
      value: ratio('rules'),
      naive: ratio('fixed'),
      bar: 1.02,
      stretch: 1.005,
      origin: 'measured and simulated',
      note: `steps ${(stepsMs / 1_000).toFixed(0)} s measured, ${run.summary.passes} passes`,
    },
  ];
}

/** R5: events of the history against the formula. */
export function eventFigures(run: WholeRun, { provider }: BenchCase): Figure[] {
  const { steps, summary } = run;
  // Steps that move rows in chunks.
  const chunks = (steps['loadRows'] ?? 0) + (steps['collectResults'] ?? 0);
  const slices = steps['awaitIdle'] ?? 0;
  return [
    {
      ratio: 'R5',
      provider,
      what: 'history events, 10 k rows with reruns',
      value: run.historyEvents,
      unit: 'events',
      bar: 24 + 6 * chunks + 9 * summary.passes + 6 * slices,
      stretch: 20 + 6 * chunks + 7 * summary.passes + 6 * slices,
      origin: 'measured',
      note: `C ${chunks}, R ${summary.passes}, S ${slices}`,
    },
  ];
}

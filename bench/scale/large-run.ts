import type { Figure } from '../figure.ts';
import { BASE_CASE } from '../cases.ts';
import type { Site } from '../site/site.ts';
import { wholeRun, type WholeRun } from '../site/whole-run.ts';
import type { ScaleOptions } from './options.ts';
import { endTeam, startTeam, usageDuring, usageText, type Team } from './team.ts';

const TASK_QUEUE = 'scale-rows';
/** Cells of 60 to 180 s go by in half a second; all rows fit into one slice. */
const SANDBOX = { speed: 300, concurrency: 20_000, failRate: 0, alwaysFailsRate: 0 };
/** The run that memory and history are compared with has this part of the rows. */
const SMALLER = 1 / 10;

/** One run of very many rows: its pace, and what it takes of memory and history. */
export async function largeRunFigures(
  site: Site,
  { rows, rowsRate }: ScaleOptions,
): Promise<Figure[]> {
  const team = await startTeam(site, {
    taskQueue: TASK_QUEUE,
    workers: 1,
    rate: rowsRate,
    sandbox: SANDBOX,
  });
  await measured(site, team, 1_000, 'warm-up');
  const small = await measured(site, team, Math.max(1, Math.round(rows * SMALLER)), 'smaller');
  const large = await measured(site, team, rows, 'large');
  await endTeam(team);
  const { run, seconds } = large;
  const { outcome, cells, apiCalls } = run.summary;
  const line = { ratio: 'R24', origin: 'measured' } as const;
  const usage = ['worker', 'sandbox', 'Temporal', 'caller'];
  return [
    {
      ...line,
      what: 'cells of one run that are done ÷ its rows',
      value: (cells.done + cells.empty) / rows,
      better: 'high',
      bar: 1,
      note: `${rows} rows, ${outcome}; ${usage.map((name) => usageText(large.usage, name)).join('; ')}`,
    },
    {
      ...line,
      what: 'its wall clock ÷ what the rate limit takes for its requests',
      value: seconds / (apiCalls.total / rowsRate),
      note: `${seconds.toFixed(0)} s, ${(rows / seconds).toFixed(0)} rows/s, ${apiCalls.total} requests; ${stepsText(run)}`,
    },
    {
      ...line,
      what: `worker memory ÷ at ${small.run.rows} rows`,
      value: (run.peakBytes ?? Number.NaN) / (small.run.peakBytes ?? Number.NaN),
      bar: 1.25,
      note: `${mebibytes(run)} ÷ ${mebibytes(small.run)} MiB, peaks`,
    },
    {
      ...line,
      what: 'history of the run',
      value: run.historyBytes / 1_024,
      unit: 'KB',
      bar: 48,
      note: `${run.historyEvents} events; ${(small.run.historyBytes / 1_024).toFixed(1)} KB at ${small.run.rows} rows`,
    },
  ];
}

async function measured(site: Site, team: Team, rows: number, name: string) {
  const [worker] = team.workers;
  if (worker === undefined) throw new Error('no worker');
  const { result: run, usage } = await usageDuring(team, site, () =>
    wholeRun(site, worker, { id: `scale-${name}`, rows, taskQueue: TASK_QUEUE, its: BASE_CASE }),
  );
  return { run, usage, seconds: run.totalMs / 1_000 };
}

const mebibytes = ({ peakBytes }: WholeRun): number => Math.round((peakBytes ?? 0) / 2 ** 20);

const stepsText = ({ stepMs }: WholeRun): string =>
  Object.entries(stepMs)
    .filter(([, ms]) => ms >= 1_000)
    .map(([step, ms]) => `${step} ${(ms / 1_000).toFixed(0)} s`)
    .join(', ');

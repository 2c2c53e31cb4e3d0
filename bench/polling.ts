import type { Figure } from './figure.ts';
import { quantile, sum } from './quantile.ts';
import { survey, type Watched } from './simulation/survey.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** Figures R2, R3 and the slices of R5 over passes of every shape. */
export function pollingFigures(seedsPerFamily: number): Figure[] {
  const all = survey(seedsPerFamily);
  const long = all.filter(({ idleAtMs }) => idleAtMs > 20 * MINUTE_MS);
  const twoHours = all.filter(
    ({ idleAtMs }) => idleAtMs > 1.5 * HOUR_MS && idleAtMs < 2.5 * HOUR_MS,
  );
  return [...pollRatios(long, twoHours), ...lateness(all, long), ...slices(all)];
}

const pollShare = ({ rules, fixed }: Watched): number => rules.polls / fixed.polls;

function pollRatios(long: Watched[], twoHours: Watched[]): Figure[] {
  const total = (runs: Watched[]): number =>
    sum(runs.map(({ rules }) => rules.polls)) / sum(runs.map(({ fixed }) => fixed.polls));
  const figure = (what: string, value: number, runs: Watched[]): Figure => ({
    ratio: 'R2',
    what,
    value,
    naive: 1,
    bar: 0.4,
    origin: 'simulated',
    note: `${runs.length} passes`,
  });
  return [
    figure('polls ÷ fixed 5 s, > 20 min, p95', quantile(long.map(pollShare), 0.95), long),
    figure('polls ÷ fixed 5 s, > 20 min, in all', total(long), long),
    { ...figure('the same at 1.5–2.5 h, in all', total(twoHours), twoHours), stretch: 0.15 },
    {
      ...figure('the same at 1.5–2.5 h, p95', quantile(twoHours.map(pollShare), 0.95), twoHours),
      stretch: 0.15,
    },
  ];
}

function lateness(all: Watched[], long: Watched[]): Figure[] {
  const p95 = (runs: Watched[], by: 'rules' | 'fixed'): number =>
    quantile(
      runs.map((run) => run[by].lateMs / 1_000),
      0.95,
    );
  const figure = (what: string, runs: Watched[], bar: number): Figure => ({
    ratio: 'R3',
    what: `idle noticed late, ${what}, p95`,
    value: p95(runs, 'rules'),
    unit: 's',
    naive: p95(runs, 'fixed'),
    bar,
    origin: 'simulated',
    note: `${runs.length} passes`,
  });
  const short = all.filter(({ idleAtMs }) => idleAtMs < 2 * MINUTE_MS);
  const middle = all.filter(
    ({ idleAtMs }) => idleAtMs >= 2 * MINUTE_MS && idleAtMs <= 20 * MINUTE_MS,
  );
  const even = long.filter(({ shape }) => shape.stragglers === 'none');
  const early = all.filter(({ rules }) => rules.lateMs < 0 || rules.end !== 'idle');
  return [
    figure('< 2 min', short, 5),
    figure('2–20 min', middle, 10),
    { ...figure('> 20 min', long, 10), stretch: 3 },
    { ...figure('> 20 min without stragglers', even, 10), stretch: 3 },
    {
      ratio: 'R3',
      what: 'late ÷ (10 s or 3 % of the pass), all, p95',
      value: quantile(all.map(overBar), 0.95),
      bar: 1,
      origin: 'simulated',
      note: `${all.length} passes`,
    },
    {
      ratio: 'R3',
      what: 'passes called idle too early, or stalled',
      value: early.length,
      bar: 0,
      origin: 'simulated',
      note: `of ${all.length}; the naive script was fooled in ${all.filter(({ fixed }) => fixed.fooled > 0).length}`,
    },
  ];
}

const overBar = ({ rules, idleAtMs }: Watched): number =>
  rules.lateMs / Math.max(10_000, idleAtMs * 0.03);

function slices(all: Watched[]): Figure[] {
  const of = all.map(({ rules }) => rules.slices);
  return [
    {
      ratio: 'R5',
      what: 'slices of a pass of up to 24 h, most',
      value: Math.max(...of),
      unit: 'slices',
      bar: 40,
      stretch: 20,
      origin: 'simulated',
      note: `median ${quantile(of, 0.5)}`,
    },
  ];
}

import type { Figure } from './figure.ts';
import { quantile, sum } from './quantile.ts';
import { leastPolls } from './simulation/least-polls.ts';
import type { Family } from './simulation/shape.ts';
import { survey, type Watched } from './simulation/survey.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

const EVEN: readonly Family[] = ['research', 'quick', 'rerun'];
const UNEVEN: readonly Family[] = ['waves', 'bursts'];
/** Durations of cells that the rules were not chosen by. */
const OTHER: readonly Family[] = ['other'];

/** Lengths of passes in minutes, from and below. */
const BANDS = [
  [20, 30],
  [30, 60],
  [60, 90],
] as const;

/** Figures R2, R3 and the slices of R5 over passes of every shape. */
export function pollingFigures(seedsPerFamily: number): Figure[] {
  const even = survey(EVEN, seedsPerFamily);
  const uneven = survey(UNEVEN, seedsPerFamily);
  const other = survey(OTHER, seedsPerFamily);
  const long = even.filter(({ idleAtMs }) => idleAtMs > 20 * MINUTE_MS);
  const twoHours = even.filter(
    ({ idleAtMs }) => idleAtMs > 1.5 * HOUR_MS && idleAtMs < 2.5 * HOUR_MS,
  );
  return [
    ...pollRatios(long, twoHours),
    ...inBands([...even, ...uneven]),
    ...inBands(other, 'other durations, '),
    ...inBands([...even, ...uneven].filter(isLikePromptLayer), '', 'promptlayer'),
    ...lateness(even, long),
    earlyEnds([...even, ...uneven, ...other]),
    ...slices([...even, ...uneven, ...other]),
  ];
}

/** PromptLayer counts queued cells, and has no columns of its own. */
const isLikePromptLayer = ({ shape }: Watched): boolean =>
  shape.countRequested && !shape.systemColumns;

const pollShare = ({ rules, fixed }: Watched): number => rules.polls / fixed.polls;

const fixedPolls = (runs: readonly Watched[]): number => sum(runs.map(({ fixed }) => fixed.polls));

const pollsInAll = (runs: readonly Watched[]): number =>
  sum(runs.map(({ rules }) => rules.polls)) / fixedPolls(runs);

const boundOf = (runs: readonly Watched[]): number => leastPolls(runs) / fixedPolls(runs);

function pollRatios(long: Watched[], twoHours: Watched[]): Figure[] {
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
    { ...figure('polls ÷ fixed 5 s, > 20 min, in all', pollsInAll(long), long), stretch: 0.2 },
    { ...figure('the same at 1.5–2.5 h, in all', pollsInAll(twoHours), twoHours), stretch: 0.15 },
    {
      ...figure('the same at 1.5–2.5 h, p95', quantile(twoHours.map(pollShare), 0.95), twoHours),
      stretch: 0.15,
    },
  ];
}

/** Polls and lateness of passes of each length, waves and bursts among them. */
function inBands(runs: readonly Watched[], which = '', provider?: string): Figure[] {
  return BANDS.flatMap(([from, to]): Figure[] => {
    const within = runs.filter(
      ({ idleAtMs }) => idleAtMs >= from * MINUTE_MS && idleAtMs < to * MINUTE_MS,
    );
    if (within.length === 0) return [];
    const inTime = within.filter(({ rules }) => rules.lateMs <= 3_000).length / within.length;
    const shared = {
      ...(provider === undefined ? {} : { provider }),
      origin: 'simulated',
      note: `${within.length} passes`,
    } as const;
    return [
      {
        ratio: 'R2',
        what: `polls ÷ fixed 5 s, ${which}${from}–${to} min, in all`,
        value: pollsInAll(within),
        naive: 1,
        bound: boundOf(within),
        ...(which === '' ? { bar: 0.3, stretch: 0.2 } : {}),
        ...shared,
        note: `${shared.note}, p95 ${quantile(within.map(pollShare), 0.95).toFixed(2)}`,
      },
      {
        ratio: 'R3',
        what: `idle noticed late, ${which}${from}–${to} min, p95`,
        value: lateP95(within, 'rules'),
        unit: 's',
        naive: lateP95(within, 'fixed'),
        // A hundredth of the pass.
        ...(which === '' ? { bar: from * 0.6, stretch: 3 } : {}),
        ...shared,
        note: `${shared.note}, ${Math.round(inTime * 100)} % within 3 s`,
      },
    ];
  });
}

const lateP95 = (runs: readonly Watched[], by: 'rules' | 'fixed'): number =>
  quantile(
    runs.map((run) => run[by].lateMs / 1_000),
    0.95,
  );

function lateness(all: Watched[], long: Watched[]): Figure[] {
  const figure = (what: string, runs: Watched[], bar: number): Figure => ({
    ratio: 'R3',
    what: `idle noticed late, ${what}, p95`,
    value: lateP95(runs, 'rules'),
    unit: 's',
    naive: lateP95(runs, 'fixed'),
    bar,
    origin: 'simulated',
    note: `${runs.length} passes`,
  });
  const short = all.filter(({ idleAtMs }) => idleAtMs < 2 * MINUTE_MS);
  const middle = all.filter(
    ({ idleAtMs }) => idleAtMs >= 2 * MINUTE_MS && idleAtMs <= 20 * MINUTE_MS,
  );
  const calm = long.filter(({ shape }) => shape.stragglers === 'none');
  return [
    figure('< 2 min', short, 5),
    figure('2–20 min', middle, 10),
    { ...figure('> 20 min', long, 10), stretch: 3 },
    { ...figure('> 20 min without stragglers', calm, 10), stretch: 3 },
    {
      ratio: 'R3',
      what: 'late ÷ (10 s or 3 % of the pass), all, p95',
      value: quantile(all.map(overBar), 0.95),
      bar: 1,
      origin: 'simulated',
      note: `${all.length} passes`,
    },
  ];
}

/** A pass in which nothing ends for half an hour is stalled by the policy: no early end. */
function earlyEnds(all: Watched[]): Figure {
  const early = all.filter(({ rules }) => rules.lateMs < 0 && rules.end === 'idle');
  const stalled = all.filter(({ rules }) => rules.end === 'stalled').length;
  const fooled = all.filter(({ fixed }) => fixed.fooled > 0).length;
  return {
    ratio: 'R3',
    what: 'passes called idle too early',
    value: early.length,
    bar: 0,
    origin: 'simulated',
    note: `of ${all.length}, ${stalled} stalled; the naive script was fooled in ${fooled}`,
  };
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
      bar: 20,
      stretch: 4,
      origin: 'simulated',
      note: `median ${quantile(of, 0.5)}`,
    },
  ];
}

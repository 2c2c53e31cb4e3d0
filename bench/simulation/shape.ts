import { between, logBetween, oneOf, randomOf, type Random } from './random.ts';

export type Stragglers = 'none' | 'some' | 'heavy';

/**
 * Way in which places are filled. `even`: one as soon as it is free. `waves`: all of them, once all
 * are free. `bursts`: as `even`, but nothing starts for 10 s to 10 min after every 30 s to 5 min.
 */
export type Pace = 'even' | 'waves' | 'bursts';

/**
 * Times of the cells of a column. `between`: every time as likely. `skewed`: log-normal, a few take
 * many times as long. `mixed`: a third are known to the API and take a twentieth. `same`: all the
 * same.
 */
export type Durations = 'between' | 'skewed' | 'mixed' | 'same';

/** One pass of one table, as far as its timeline depends on it. */
export interface RunShape {
  seed: number;
  family: Family;
  rows: number;
  /** Paid columns; each cell of one takes `cellMs`. */
  columns: number;
  /** Each paid column waits for the one before it on the same row. */
  chained: boolean;
  /** Profile, name and website before the paid columns: quick, with places of their own. */
  systemColumns: boolean;
  /** Cells of the table that are done already: a rerun of failed ones. */
  doneBefore: number;
  concurrency: number;
  pace: Pace;
  cellMs: { min: number; max: number };
  durations: Durations;
  /** Share of paid cells (0..1) that end as failed. */
  failRate: number;
  /**
   * `some`: one cell in 200 takes 2 to 6 times as long. `heavy`: one in 500 has a Pareto tail of up
   * to 20 minutes.
   */
  stragglers: Stragglers;
  /** Set if `requested` cells count as in progress: the API's documentation does not say. */
  countRequested: boolean;
  /** Time after the start in which the status is still the one before it. */
  statusLagMs: number;
}

/**
 * `research`: 60 to 180 s a cell. `quick`: 3 to 30 s, few rows. `rerun`: some failed cells again.
 * `waves` and `bursts`: research in that pace. `other`: cells that take 5 s to 10 min, in durations that
 * the rules were not chosen by.
 */
export type Family = 'research' | 'quick' | 'rerun' | 'waves' | 'bursts' | 'other';

const COLUMN_MS: Record<Family, readonly { min: number; max: number }[]> = {
  research: [{ min: 60_000, max: 180_000 }],
  quick: [
    { min: 3_000, max: 10_000 },
    { min: 10_000, max: 30_000 },
  ],
  rerun: [{ min: 60_000, max: 180_000 }],
  waves: [{ min: 60_000, max: 180_000 }],
  bursts: [{ min: 60_000, max: 180_000 }],
  other: [
    { min: 5_000, max: 20_000 },
    { min: 20_000, max: 90_000 },
    { min: 60_000, max: 600_000 },
  ],
};

const ROWS: Record<Family, readonly [least: number, most: number]> = {
  research: [100, 10_000],
  quick: [20, 500],
  rerun: [2, 500],
  waves: [100, 3_000],
  bursts: [100, 3_000],
  other: [50, 5_000],
};

const LONGEST_MS = 24 * 3_600_000;

export function shapeOf(family: Family, seed: number): RunShape {
  const random = randomOf(seed * 2_654_435_761 + family.length);
  const rerun = family === 'rerun';
  const shape: RunShape = {
    seed,
    family,
    rows: rowsOf(family, random),
    columns: rerun ? 1 : oneOf(random, [1, 2, 3]),
    chained: random() < 0.5,
    systemColumns: !rerun && random() < 0.5,
    doneBefore: rerun ? Math.round(logBetween(random, 100, 30_000)) : 0,
    concurrency: oneOf(random, [20, 50, 200]),
    cellMs: oneOf(random, COLUMN_MS[family]),
    failRate: oneOf(random, [0, 0.004, 0.04, 0.15]),
    stragglers: oneOf(random, ['none', 'none', 'some', 'heavy']),
    countRequested: random() < 0.5,
    statusLagMs: oneOf(random, [300, 1_000, 5_000]),
    pace: family === 'waves' || family === 'bursts' ? family : 'even',
    durations: family === 'other' ? oneOf(random, ['skewed', 'mixed', 'same']) : 'between',
  };
  return shorterThanADay(shape);
}

const rowsOf = (family: Family, random: Random): number =>
  Math.round(logBetween(random, ...ROWS[family]));

/** The default deadline would end it. */
function shorterThanADay(shape: RunShape): RunShape {
  const cellMs = (shape.cellMs.min + shape.cellMs.max) / 2;
  const expectedMs = (shape.rows * shape.columns * cellMs) / shape.concurrency;
  if (expectedMs <= LONGEST_MS * 0.9) return shape;
  return { ...shape, rows: Math.floor((shape.rows * LONGEST_MS * 0.9) / expectedMs) };
}

/** Draws the time of this cell. */
export function cellMsOf(shape: RunShape, random: Random): number {
  const ms = usualMs(shape, random);
  if (shape.stragglers === 'some' && random() < 0.005) return ms * between(random, 2, 6);
  if (shape.stragglers === 'heavy' && random() < 0.002) {
    return Math.min(ms / Math.max(1e-3, random()) ** 0.9, Math.max(20 * 60_000, ms));
  }
  return ms;
}

function usualMs({ cellMs: { min, max }, durations }: RunShape, random: Random): number {
  const ms = between(random, min, max);
  const middleMs = Math.sqrt(min * max);
  if (durations === 'between') return ms;
  if (durations === 'mixed') return random() < 1 / 3 ? ms / 20 : ms;
  if (durations === 'same') return middleMs;
  // Box and Muller; three of four are within half and twice the middle.
  const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  return middleMs * Math.exp(0.6 * normal);
}

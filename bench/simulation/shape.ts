import { between, logBetween, oneOf, randomOf, type Random } from './random.ts';

export type Stragglers = 'none' | 'some' | 'heavy';

/** One pass of one table, as far as its course in time depends on it. */
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
  cellMs: { min: number; max: number };
  /** Share of paid cells (0..1) that end as failed. */
  failRate: number;
  /**
   * `some`: one cell in 200 takes 2 to 6 times as long. `heavy`: one in 500 has a Pareto tail of up
   * to 20 minutes.
   */
  stragglers: Stragglers;
  /** Whether `requested` cells count as in progress: the API's documentation does not say. */
  countRequested: boolean;
  /** After the start the status is still the one before it. */
  statusLagMs: number;
}

/** `research`: 60 to 180 s a cell. `quick`: 3 to 30 s, few rows. `rerun`: some failed cells again. */
export type Family = 'research' | 'quick' | 'rerun';

const COLUMN_MS: Record<Family, readonly { min: number; max: number }[]> = {
  research: [{ min: 60_000, max: 180_000 }],
  quick: [
    { min: 3_000, max: 10_000 },
    { min: 10_000, max: 30_000 },
  ],
  rerun: [{ min: 60_000, max: 180_000 }],
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
  };
  return shorterThanADay(shape);
}

const rowsOf = (family: Family, random: Random): number => {
  const [least, most] = { research: [100, 10_000], quick: [20, 500], rerun: [2, 500] }[family];
  return Math.round(logBetween(random, least ?? 1, most ?? 1));
};

/** The default deadline would end it. */
function shorterThanADay(shape: RunShape): RunShape {
  const cellMs = (shape.cellMs.min + shape.cellMs.max) / 2;
  const expectedMs = (shape.rows * shape.columns * cellMs) / shape.concurrency;
  if (expectedMs <= LONGEST_MS * 0.9) return shape;
  return { ...shape, rows: Math.floor((shape.rows * LONGEST_MS * 0.9) / expectedMs) };
}

/** How long this cell takes. */
export function cellMsOf(shape: RunShape, random: Random): number {
  const ms = between(random, shape.cellMs.min, shape.cellMs.max);
  if (shape.stragglers === 'some' && random() < 0.005) return ms * between(random, 2, 6);
  if (shape.stragglers === 'heavy' && random() < 0.002) {
    return Math.min(ms / Math.max(1e-3, random()) ** 0.9, Math.max(20 * 60_000, ms));
  }
  return ms;
}

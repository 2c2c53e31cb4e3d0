import type { Pipeline, SpendPolicy } from '../../contract/pipeline.ts';
import { RowmillError } from '../../errors.ts';
import { stagesOf } from '../../rules/answers/stages.ts';
import { knownSpec } from '../../providers/facts-store.ts';
import { askedByColumn } from '../../rules/cells/cell-set.ts';
import { hasOtherRows } from '../../nights/lasting-table.ts';
import type { NightPlan } from '../../nights/night-plan.ts';
import { isRequested, type PlannedColumn } from '../../providers/catalog.ts';
import { limitName, underCeiling, type SpendCeiling } from '../../rules/spend/ceiling.ts';
import {
  estimateCredits,
  checkSpend,
  fitsNoCell,
  type SpendVerdict,
} from '../../rules/spend/spend.ts';
import type { Env } from '../../env.ts';

/** Estimated size and price of a run in which nothing fails. */
export interface Estimate {
  rows: number;
  /** Every column the table will have. */
  columns: PlannedColumn[];
  /** Cells that the pipeline asks for. */
  cells: number;
  credits: number;
  /** True if it is the most that a run asks for: columns have conditions. Left out: they have none. */
  isMaximum?: true;
  verdict: SpendVerdict;
  /** Limits in effect: those of the pipeline, capped by the worker's owner. */
  spend: SpendPolicy;
  /** Due cells of the pipeline's lasting table, by the store. Left out: every cell is new. */
  night?: EstimatedNight;
  /** Limits of the worker's owner, as far as this process knows them. */
  ceiling: SpendCeiling;
  apiCalls: EstimatedCalls;
}

/** A run on a lasting table, beside what a run over every cell would take. */
export interface EstimatedNight extends NightPlan {
  /** Credits if every cell was asked for. */
  creditsOfAll: number;
}

/** HTTP requests of a run, without polls: their number depends on how long the provider takes. */
export interface EstimatedCalls {
  /** Requests of a run without failed cells. */
  total: number;
  addRows: number;
  pages: number;
  /** Requests that each rerun of failed cells adds. */
  eachRerun: number;
}

/**
 * Read account and plan, find the table, count rows before and after adding them, read a page back.
 */
const FIXED_CALLS = 2 + 1 + 3;

/** Estimates a run with the prices and limits of the facts file that `env` points to. */
export function estimateOf(
  pipeline: Pipeline,
  rows: number,
  ceiling: SpendCeiling = {},
  env: Env = {},
): Estimate {
  const { perDay } = pipeline.spend;
  const capped = underCeiling(pipeline.spend, ceiling);
  const limits = perDay === undefined ? capped : { ...capped, perDay };
  const spec = knownSpec(pipeline.provider, env);
  const columns = spec.plan(pipeline.table);
  const asked = columns.filter(isRequested);
  const weight = columns.reduce((sum, column) => sum + column.creditsWeight, 0);
  const credits = estimateCredits(rows, weight, limits);
  const weights = Object.fromEntries(columns.map((column) => [column.key, column.creditsWeight]));
  const addRows = Math.ceil(rows / spec.limits.rowsPerAdd);
  const pages = Math.ceil(rows / spec.limits.rowsPerPage);
  const { start } = spec.requests;
  const passes = passesOf(pipeline, columns);
  return {
    rows,
    columns,
    cells: rows * asked.length,
    credits,
    ...(pipeline.when === undefined ? {} : { isMaximum: true as const }),
    verdict: fitsNoCell(limits, weights) ? 'refuse' : checkSpend(credits, limits),
    spend: limits,
    ceiling,
    apiCalls: {
      total:
        FIXED_CALLS +
        spec.requests.table(pipeline.table) +
        addRows +
        passes.passes * (start + pages) +
        passes.scans * pages,
      addRows,
      pages,
      eachRerun: start + pages,
    },
  };
}

/** Counts the passes of a run without failures, and its table scans beside those that end a pass. */
function passesOf(
  { when, canary }: Pipeline,
  columns: readonly PlannedColumn[],
): { passes: number; scans: number } {
  const stages = when === undefined ? 1 : stagesOf(when, columns);
  // The canary goes through every stage first; another scan then finds the other rows.
  if (canary !== undefined) return { passes: 2 * stages, scans: 2 };
  return { passes: stages, scans: when === undefined ? 0 : 1 };
}

/** Returns the estimate of a run on a lasting table: only the cells that are due count. */
export function nightEstimate(all: Estimate, night: NightPlan): Estimate {
  const credits = night.units * all.spend.creditsPerCell;
  const cells = Object.values(askedByColumn(night.due)).reduce((sum, count) => sum + count, 0);
  return {
    ...all,
    cells,
    credits,
    verdict: checkSpend(credits, all.spend),
    night: { ...night, creditsOfAll: all.credits },
  };
}

/** Returns a `spend_refused` error for an estimate above a limit, else `null`. */
export function refusalOf(
  estimate: Estimate,
  pipeline: Pipeline,
  file: string,
): RowmillError | null {
  if (estimate.verdict !== 'refuse') return null;
  const limit = estimate.spend.maxCredits ?? 0;
  const name = limitName(pipeline.spend, estimate.ceiling);
  const what = `estimated ${figure(estimate.credits)} credits, ${name} is ${figure(limit)}`;
  return new RowmillError('spend_refused', what, { where: file });
}

/** Says what a ceiling below the estimate keeps back. */
export function ceilingWarnings({ credits, spend }: Estimate): string[] {
  const { maxCredits = Infinity, onCeiling } = spend;
  if (onCeiling === undefined || credits <= maxCredits) return [];
  const above = `estimated ${figure(credits)} credits, the ceiling is ${figure(maxCredits)}`;
  return onCeiling === 'ask'
    ? [`${above}: the run waits for an approval, which raises it`]
    : [`${above}: about ${figure(credits - maxCredits)} credits of cells are not asked for`];
}

/** Warns of a run that fits into no day of its budget: only a raise for the day lets it pass. */
export function budgetWarnings({ credits, spend: { perDay } }: Estimate): string[] {
  if (perDay === undefined || credits <= perDay.maxCredits) return [];
  const { budget, maxCredits } = perDay;
  const more = Math.ceil(credits - maxCredits);
  return [
    `estimated ${figure(credits)} credits, spend.perDay.maxCredits is ${figure(maxCredits)}: the run is refused, unless the day has more (rowmill budget raise ${budget} ${more})`,
  ];
}

/** Warns of a source that has no row of the table: another file may have the name of the pipeline. */
export function nightWarnings(
  { rows, night }: Pick<Estimate, 'rows' | 'night'>,
  { name, refresh }: Pick<Pipeline, 'name' | 'refresh'>,
): string[] {
  if (night === undefined || !hasOtherRows({ ...night, rows })) return [];
  const gone = refresh?.vanished === 'drop' ? 'are deleted with their answers' : 'count as gone';
  return [
    `no row of the source is in the lasting table, whose ${figure(night.rowsVanished)} rows ${gone}: is "${name}" the name of another pipeline, too?`,
  ];
}

const figure = (credits: number): string => Math.round(credits).toLocaleString('en-US');

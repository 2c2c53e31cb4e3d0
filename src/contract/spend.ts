import type { CellUsage } from './results.ts';

/** Cells of a column that a pass asks for, and their price. */
export interface ColumnSpend {
  cells: number;
  credits: number;
}

/** Line of the ledger for a pass. A run and a pass have one, however often the step is repeated. */
export interface PassLine {
  type: 'pass';
  /** Workflow id. */
  run: string;
  firstRunId: string;
  pipeline: string;
  provider: string;
  /** Owner of the run. Left out: it has none. */
  owner?: string;
  pass: number;
  kind: string;
  /** ISO time. */
  at: string;
  /** Spend by column key. */
  columns: Record<string, ColumnSpend>;
  /** Credits of all columns. A pass that asks for a cell again counts it again. */
  credits: number;
  /** False while the provider has not answered: the pass may have been asked for. */
  accepted: boolean;
  /** Cells that the provider says it queued. Left out: it does not say. */
  reported?: { cells: number };
}

/** Line of the ledger for a run that has ended. It corrects what its passes asked for. */
export interface RunLine {
  type: 'run';
  run: string;
  firstRunId: string;
  pipeline: string;
  provider: string;
  owner?: string;
  /** ISO time of the end. */
  at: string;
  /** Price of the cells that were cancelled before the provider started them. */
  creditsCancelled: number;
  /** Usage that the provider reported at the end. */
  reported: {
    /** Change of the account's balance during the run, other runs and users included. `null`: unknown. */
    balanceChange: number | null;
    usage: CellUsage | null;
  };
}

export type LedgerLine = PassLine | RunLine;

/** Facts about a pass for the ledger, beside its cells. */
export interface PassAccount {
  pipeline: string;
  owner?: string;
  /** Number of the pass in the run, from 1. */
  pass: number;
  creditsPerCell: number;
  /** Credits of a cell in units of `creditsPerCell`, by column; 1 where a column is left out. */
  weights: Record<string, number>;
}

/** Groupings of a spend report. */
export const SPEND_BY = ['day', 'pipeline', 'column', 'run'] as const;
export type SpendBy = (typeof SPEND_BY)[number];

/** Sums of a group of passes. */
export interface SpendSums {
  runs: number;
  passes: number;
  cells: number;
  /** Credits of the cells that were asked for; a cell that was asked for twice counts twice. */
  credits: number;
  /** Part of `credits` whose passes the provider has not accepted so far, or not for certain. */
  creditsUnconfirmed: number;
  /** Credits of cells that were cancelled before they started. `null`: not known for a column. */
  creditsCancelled: number | null;
  /**
   * Change of the accounts during the runs that have ended, other users included. `null`: not
   * reported, or not known for a column.
   */
  balanceChange: number | null;
}

export interface SpendGroup extends SpendSums {
  /** Day (UTC, `2026-01-31`), pipeline, column key, or run id. */
  name: string;
}

/** Spend by the ledger of a store. */
export interface SpendReport {
  by: SpendBy;
  /** ISO time; `null`: everything. */
  since: string | null;
  groups: SpendGroup[];
  total: SpendSums;
}

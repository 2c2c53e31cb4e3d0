import type { CellCounts, CellOutcome, ChangeLine } from '../contract/results.ts';
import type { Outcome, RunSummary } from '../contract/run.ts';

/** Facts of a run that its report shows. They do not grow with the number of rows. */
export interface ReportFacts {
  pipeline: string;
  provider: string;
  /** Page of the table at the provider; `null`: there is none. */
  tableUrl: string | null;
  summary: RunSummary;
  /** ISO times. */
  startedAt: string;
  finishedAt: string;
  /** Counts of the last scan by column key. */
  byColumn: Record<string, CellCounts>;
  /** Readings in the order of time, at most `MAX_READINGS`. */
  readings: Reading[];
  passes: PassFacts[];
  /** The newest runs of the pipeline, at most `MAX_PAST_RUNS`: the oldest first, this one last. */
  runs: PastRun[];
  /** Most frequent reasons of the quarantine. */
  reasons: ReasonCount[];
  /** Lines of the quarantine with a reason that is not listed. */
  otherReasons: number;
  /** First rows that differ from the last publication, at most `MAX_CHANGES`. */
  changes: ChangeLine[];
  /** Columns of the sample, at most `MAX_SAMPLE_COLUMNS`. */
  columns: string[];
  /** First rows of the results, at most `MAX_SAMPLE_ROWS`. */
  sample: SampleRow[];
}

/** Readings of a run that are kept: older ones are thinned. */
export const MAX_READINGS = 500;
export const MAX_PAST_RUNS = 14;
export const MAX_REASONS = 20;
export const MAX_CHANGES = 10;
/** Columns of a change that are kept. */
export const MAX_CHANGED_COLUMNS = 5;
export const MAX_SAMPLE_ROWS = 20;
export const MAX_SAMPLE_COLUMNS = 20;

/** Counts of a table at a time. */
export interface Reading {
  /** Epoch ms. */
  atMs: number;
  total: number;
  done: number;
  inProgress: number;
  /** `null`: the provider does not count them. */
  failed: number | null;
}

/** Pass of a run, and what came of it. */
export interface PassFacts {
  pass: number;
  kind: string;
  /** ISO time. */
  at: string;
  cells: number;
  credits: number;
  /** Failed cells that have an answer since. */
  repaired: number;
}

/** Figures of a run that has ended. */
export interface PastRun {
  workflowId: string;
  firstRunId: string;
  /** ISO time. */
  startedAt: string;
  outcome: Outcome;
  /** Share (0..1) of cells with a value; `null`: nothing was read. */
  filled: number | null;
  credits: number;
}

export interface ReasonCount {
  reason: string;
  cells: number;
}

/** Row of the sample. Texts are shortened. */
export interface SampleRow {
  key: string;
  cells: Record<string, SampleCell>;
}

export interface SampleCell {
  status: CellOutcome | 'invalid';
  text: string;
  sources: SampleSource[];
}

export interface SampleSource {
  text: string;
  /** Web address; `null`: it is none. */
  url: string | null;
}

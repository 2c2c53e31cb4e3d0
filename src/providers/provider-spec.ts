import type { ZodType } from 'zod';
import type { JsonObject } from '../contract/json.ts';
import type { ColumnConfig, TableSpec } from '../contract/pipeline.ts';
import type { StarterPlan, StarterTable } from './starter.ts';

/** Offline knowledge about a provider: enough to check a file and price a run. */
export interface ProviderSpec {
  readonly name: string;
  /** Environment variables of the worker. */
  readonly tokenVariable: string;
  readonly baseUrlVariable: string;
  /** Default address of the API, which the environment may override. */
  readonly baseUrl: string;
  /** Example pipeline file in `examples/` of the package; the demo runs it. */
  readonly example: string;
  /** Table kinds, the default first; empty if tables have no kinds. */
  readonly kinds: readonly string[];
  /**
   * Fields of `table` besides `columns`. `kind`, `description` and `tags` are common to the
   * providers that have them. Any other reaches the provider under `TableSpec.settings`.
   */
  readonly settings: Readonly<Record<string, ZodType>>;
  /** Schema of one column config in the pipeline file; adds no defaults. */
  readonly column: ZodType;
  readonly limits: { rowsPerAdd: number; rowsPerPage: number };
  /** Number of provider-specific requests without failures, for the estimate of `rowmill check`. */
  readonly requests: {
    /** Requests to create a table with its columns. */
    table(table: TableShape): number;
    /** Requests to start a pass: read the table's state, start the run. */
    start: number;
  };
  /** Capabilities of a lasting table; `null`: the API cannot change the inputs of rows. */
  readonly lasting: {
    /** True if rows can be deleted. */
    drop: boolean;
  } | null;
  /** Table columns that every row must fill, in order. */
  inputs(table: TableShape): string[];
  /** Checks what the schema cannot: keys, mentions, cycles, columns that fit the kind. */
  check(table: TableShape): ColumnProblem[];
  /**
   * Finds what the API may refuse although no documentation forbids it: warnings, never mistakes.
   */
  doubts(table: TableShape): ColumnProblem[];
  /** Lists every column the table will have, the automatic ones first. */
  plan(table: TableShape): PlannedColumn[];
  /** Proposes a table that asks about each row of a list, as a first pipeline file. */
  starter(plan: StarterPlan): StarterTable;
}

export type TableShape = Pick<TableSpec, 'kind'> & { columns: readonly ColumnConfig[] };

export interface PlannedColumn {
  key: string;
  name: string;
  /** True if filled from the rows, never computed. */
  input: boolean;
  /** True if written in the pipeline file. */
  ours: boolean;
  /** True if cells cost credits. */
  paid: boolean;
  /** Credits of a cell ÷ credits of a plain one (`spend.creditsPerCell`). */
  creditsWeight: number;
  /** Columns that must be done on the same row before this one starts. */
  dependsOn: string[];
  /**
   * Input columns whose values the column's cells follow from, without those that it reads through
   * other columns. Left out: not known, so it may be any.
   */
  reads?: string[];
  /** JSON Schema of its answers, by its config. Left out: the config says nothing of their type. */
  answers?: JsonObject;
  /** Name of its price in a facts file; left out without one. */
  priceKind?: string;
}

/** Checks whether the pipeline file requests the column's cells. */
export const isRequested = ({ ours, input }: PlannedColumn): boolean => ours && !input;

export interface ColumnProblem {
  /** Path below `table.columns`: index, then keys. */
  path: (string | number)[];
  found: string;
  allowed: string;
  /** Misspelt word and its likely correction. */
  word?: string;
  candidates?: string[];
  /** Text inside the value at `path` that the position should point to. */
  within?: string;
}

import type { ZodType } from 'zod';
import type { ColumnConfig, TableSpec } from '../contract/pipeline.ts';

/** What is known about a provider without a network: enough to check a file and price a run. */
export interface ProviderSpec {
  readonly name: string;
  /** Environment variables of the worker. */
  readonly tokenVariable: string;
  readonly baseUrlVariable: string;
  /** Where the API is, unless the environment says otherwise. */
  readonly baseUrl: string;
  /** Pipeline file that shows it, in `examples/` of the package; the demo runs it. */
  readonly example: string;
  /** Table kinds, the default first; empty where tables have no kinds. */
  readonly kinds: readonly string[];
  /**
   * Fields of `table` besides `columns`. `kind`, `description` and `tags` are those of every
   * provider that has them; any other reaches the provider under `TableSpec.settings`.
   */
  readonly settings: Readonly<Record<string, ZodType>>;
  /** Shape of one column config as written in the pipeline file; adds no defaults. */
  readonly column: ZodType;
  readonly limits: { rowsPerAdd: number; rowsPerPage: number };
  /** Requests that depend on the provider, where nothing goes wrong: `rowmill check` counts them. */
  readonly requests: {
    /** To make a table with its columns. */
    table(table: TableShape): number;
    /** To start a pass: how the table stands, and the pass itself. */
    start: number;
  };
  /** Table columns that every row must fill, in order. */
  inputs(table: TableShape): string[];
  /** What the shape alone cannot say: keys, mentions, cycles, what fits the kind. */
  check(table: TableShape): ColumnProblem[];
  /** What the API may refuse although nothing documented forbids it: a warning, never a mistake. */
  doubts(table: TableShape): ColumnProblem[];
  /** Every column the table will have, the automatic ones first. */
  plan(table: TableShape): PlannedColumn[];
}

export type TableShape = Pick<TableSpec, 'kind'> & { columns: readonly ColumnConfig[] };

export interface PlannedColumn {
  key: string;
  name: string;
  /** Filled from the rows, never computed. */
  input: boolean;
  /** Written in the pipeline file. */
  ours: boolean;
  /** Whether cells cost credits. */
  paid: boolean;
  /** Credits of a cell ÷ credits of a plain one (`spend.creditsPerCell`). */
  creditsWeight: number;
  /** Columns that must be done on the same row before this one starts. */
  dependsOn: string[];
  /** What its price goes by in a facts file; left out where it has none. */
  priceKind?: string;
}

/** What the pipeline file asks for, cell by cell. */
export const isAsked = ({ ours, input }: PlannedColumn): boolean => ours && !input;

export interface ColumnProblem {
  /** Below `table.columns`: index, then keys. */
  path: (string | number)[];
  found: string;
  allowed: string;
  /** The wrong word and what it may have been meant to be. */
  word?: string;
  candidates?: string[];
  /** Text inside the value at `path` that the position should point to. */
  within?: string;
}

import type {
  CellAccount,
  RunAccount,
  Sandbox,
  SandboxOptions,
  Expected,
} from '../../../sandbox/index.ts';
import type { RequestKind } from '../../../sandbox/faults/request-kinds.ts';
import type { Json } from '../../../src/contract/json.ts';
import type { Pipeline } from '../../../src/contract/pipeline.ts';
import type { TableShape } from '../../../src/providers/provider-spec.ts';

type PromptLayerOptions = NonNullable<SandboxOptions['promptLayer']>;

/** A row as it should be: its key, and what goes into the table's input columns. */
export interface WantedRow {
  key: string;
  input: Record<string, Json>;
}

export interface TableRow {
  id: string;
  /** `null` = not put there by a run. */
  key: string | null;
  input: Record<string, Json>;
  createdAtMs: number;
}

/** A table at the provider. Where rows cannot be deleted, one that is never run does not count. */
export interface LiveTable {
  id: string;
  tags: string[];
  rows: TableRow[];
  /** Rows that were committed twice, are never run, and do not count above. */
  rowsLeftTwice?: number;
  /** Starts of each computed cell. */
  cells: CellAccount[];
  runs: RunAccount[];
  /** Row id and column of the cells that are requested or in progress. */
  inFlight: string[];
}

/** A computed column of a pipeline. */
export interface CheckedColumn {
  key: string;
  paid: boolean;
}

/** Everything that a test of runs has to know of a provider. A new provider is a new case. */
export interface ProviderCase {
  name: string;
  /** The pipeline's `table`: one column, two, and two of which the second reads the first. */
  tables: Record<'one' | 'two' | 'chain', TableShape>;
  /** The last column of `chain` with another prompt, and the fields of its config that differ. */
  reworded: { key: string; column: Record<string, Json>; fields: string[] };
  /** Table input column ← column of the rows, which have `Symbol`, the key, and `Security`. */
  map: Record<string, string>;
  /** The requests by which it changes something: where a lost reply hurts. */
  changes: readonly RequestKind[];
  /** Field of a request to add rows that lists them. */
  rowsField: string;
  /** The request that says how many credits are left; without an answer, none left looks like a stall. */
  balance: string | null;
  /** Set if it asks for a confirmation before it starts a large run. */
  asksBack: boolean;
  columnsOf: (pipeline: Pipeline) => CheckedColumn[];
  /** Lists the tables of the sandbox, which serves one run only; child tables aside. */
  tablesIn: (sandbox: Pick<Sandbox, 'ledger' | 'state'>) => LiveTable[];
  /**
   * Sandbox options that make large runs small, and choose the other reading of an ambiguous
   * reference.
   */
  eager: Partial<SandboxOptions>;
  /** Further choices that the reference leaves open: each may be one or the other. */
  either: readonly PromptLayerOptions[];
  /** Returns the expected end of a cell. */
  truth: (
    sandbox: Pick<Sandbox, 'truth'>,
    pipeline: Pipeline,
    row: WantedRow,
    column: string,
  ) => Expected;
}

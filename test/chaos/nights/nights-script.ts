import type { ChaosScript, Action } from '../simulation/script.ts';

/** Runs on one lasting table, one night after the other; plain data. */
export interface NightsScript extends Pick<
  ChaosScript,
  'provider' | 'sandbox' | 'api' | 'faults' | 'kills' | 'lost' | 'continueAsNewAfterEvents'
> {
  /** Rows of the source in the first night. */
  rows: number;
  run: ChaosScript['run'];
  refresh: {
    failed: 'retry' | 'leave';
    vanished: 'keep' | 'mark' | 'drop';
    /** Answers of the first column are asked for again after a day. */
    ages: boolean;
  };
  nights: NightScript[];
}

export interface NightScript {
  /** Time since the end of the night before. */
  afterMs: number;
  /** Edits of the source before the night. */
  edits: SourceEdit[];
  columns: NightColumns;
  apply: boolean;
  full: boolean;
  /** A second run of the same file starts so much later; `null`: none does. */
  twinAfterMs: number | null;
  /** Actions on the run that started last. */
  actions: Action[];
}

/** Columns of the pipeline file: those of the provider's case, or `chain` with another prompt. */
export type NightColumns = 'one' | 'two' | 'chain' | 'reworded';

/** `row`: place in the source, from the front, and again from the front after its end. */
export type SourceEdit =
  | { edit: 'add'; rows: number }
  | { edit: 'change'; row: number }
  | { edit: 'remove'; row: number }
  /** The row that was removed last returns. */
  | { edit: 'return' }
  | { edit: 'reverse' };

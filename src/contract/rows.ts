import type { Json } from './json.ts';

/** One line of a snapshot: what goes into one table row. */
export interface SnapshotRow {
  key: string;
  /** Table input column → value. */
  input: Record<string, Json>;
}

/** A frozen, validated input: rows travel by this reference, never through history. */
export interface SnapshotRef {
  /** `sha256:<hex>` over the lines of the snapshot. */
  digest: string;
  rows: number;
  bytes: number;
}

import type { Json } from './json.ts';

/** Line of a snapshot: input of one table row, and fields that the results include. */
export interface SnapshotRow {
  key: string;
  /** Table input column → value. */
  input: Record<string, Json>;
  /** Other columns of the source: for the results only. Left out: there are none. */
  source?: Record<string, Json>;
  /** The row has left the source, and stays in a lasting table. Left out: it has not. */
  vanished?: true;
}

/** A frozen, validated input: rows travel by this reference, never through history. */
export interface SnapshotRef {
  /** `sha256:<hex>` over the lines of the snapshot. */
  digest: string;
  rows: number;
  bytes: number;
  /** Rows of the source that were left out: their file beside the rows. Left out: there are none. */
  badRows?: { digest: string; rows: number };
}

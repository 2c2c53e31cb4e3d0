import { createHash } from 'node:crypto';
import type { SnapshotRef } from '../contract/rows.ts';

/**
 * By which rows are staged: their own digest, and that of the rows left out of them where there are
 * any. Two lists may have the same good rows and other bad ones.
 */
export function stagedDigest({ digest, badRows }: SnapshotRef): string {
  if (badRows === undefined) return digest;
  const both = createHash('sha256').update(`${digest}\n${badRows.digest}`).digest('hex');
  return `sha256:${both}`;
}

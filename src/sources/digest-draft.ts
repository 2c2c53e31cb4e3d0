import { createHash } from 'node:crypto';
import type { Draft } from '../store/store.ts';
import type { SnapshotRef } from '../contract/rows.ts';

/**
 * A draft that keeps nothing: counts and hashes what a file would hold. For checking a source
 * without a store, and for knowing a digest before the folder it names is written.
 */
export function createDigestDraft(): Draft {
  const hash = createHash('sha256');
  let lines = 0;
  let bytes = 0;
  return {
    line: (text) => {
      const line = `${text}\n`;
      hash.update(line);
      lines += 1;
      bytes += Buffer.byteLength(line);
      return Promise.resolve();
    },
    commit: () => Promise.resolve({ lines, bytes, sha256: hash.digest('hex') }),
    discard: () => Promise.resolve(),
  };
}

/**
 * By which rows are staged: their own digest, and that of the rows left out of them where there are
 * any. Two lists may have the same good rows and other bad ones.
 */
export function stagedDigest({ digest, badRows }: SnapshotRef): string {
  if (badRows === undefined) return digest;
  const both = createHash('sha256').update(`${digest}\n${badRows.digest}`).digest('hex');
  return `sha256:${both}`;
}

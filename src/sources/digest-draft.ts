import { createHash } from 'node:crypto';
import type { Draft } from '../store/store.ts';
import type { SnapshotRef } from '../contract/rows.ts';

/**
 * Creates a draft that counts and hashes lines but stores nothing. For checking a source without a
 * store, and for knowing a digest before its folder is written.
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
 * Returns the digest for staging rows: their own, combined with that of the bad rows, if any. Two
 * lists may have equal good rows and different bad ones.
 */
export function stagedDigest({ digest, badRows }: SnapshotRef): string {
  if (badRows === undefined) return digest;
  const both = createHash('sha256').update(`${digest}\n${badRows.digest}`).digest('hex');
  return `sha256:${both}`;
}

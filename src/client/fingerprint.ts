import { createHash } from 'node:crypto';
import type { Pipeline } from '../contract/pipeline.ts';

/** What makes two runs the same work: table, rows and results; not their limits and pace. */
export function fingerprintOf(pipeline: Pipeline, rowsDigest: string): string {
  const { name, provider, table, results } = pipeline;
  const work = JSON.stringify([name, provider, table, results, rowsDigest]);
  return createHash('sha256').update(work).digest('hex');
}

/** The whole request of a caller's key: the work and its limits. */
export function requestDigestOf(pipeline: Pipeline, rowsDigest: string, approved: boolean): string {
  const { rows, ...rest } = pipeline;
  const { key, map, skipBad } = rows;
  const share = skipBad === undefined ? [] : [skipBad];
  const request = JSON.stringify([rest, key, map, rowsDigest, approved, ...share]);
  return createHash('sha256').update(request).digest('hex');
}

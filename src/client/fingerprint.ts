import { createHash } from 'node:crypto';
import type { Pipeline } from '../contract/pipeline.ts';

/** What makes two runs the same work: table, rows and results; not their limits and pace. */
export function fingerprintOf(pipeline: Pipeline, rowsDigest: string): string {
  const { name, provider, table, results } = pipeline;
  const work = JSON.stringify([name, provider, table, results, rowsDigest]);
  return createHash('sha256').update(work).digest('hex');
}

/**
 * How long to look: `ROWMILL_FUZZ=20` looks twenty times as long. A failure prints seed and path;
 * `ROWMILL_FUZZ_SEED` begins with that seed.
 */
export function fuzzing(numRuns: number): { numRuns: number; seed?: number } {
  const times = Number(process.env['ROWMILL_FUZZ'] ?? 1);
  const seed = process.env['ROWMILL_FUZZ_SEED'];
  return { numRuns: numRuns * times, ...(seed === undefined ? {} : { seed: Number(seed) }) };
}

/** Factor on the usual number of cases. */
export const FUZZ_TIMES = Number(process.env['ROWMILL_FUZZ'] ?? 1);

/** Seed for the same cases at every run of the tests; another seed gives other cases. */
const SEED = 20_260_101;

/**
 * Returns the parameters of a property: `ROWMILL_FUZZ=20` tries twenty times as many cases. A
 * failure prints seed and path; `ROWMILL_FUZZ_SEED` begins with that seed.
 */
export function fuzzing(numRuns: number): { numRuns: number; seed: number } {
  const seed = Number(process.env['ROWMILL_FUZZ_SEED'] ?? SEED);
  return { numRuns: Math.ceil(numRuns * FUZZ_TIMES), seed };
}

/** Time after which a test of this kind counts as hanging. */
export const FUZZ_LIMIT_MS = 600_000 * Math.max(1, FUZZ_TIMES);

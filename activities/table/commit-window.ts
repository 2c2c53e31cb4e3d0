/**
 * Maximum delay of a commit after its connection broke; steps that depend on it wait. The API sets
 * no limit, and later commits are not guarded against (docs/design/reliability.md).
 */
export const MAX_COMMIT_DELAY_MS = 20_000;

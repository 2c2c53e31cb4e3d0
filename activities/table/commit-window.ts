/**
 * How long after its connection broke a request may still be committed; steps that depend on it wait.
 * The API sets no limit: later commits are not guarded against (docs/design/reliability.md).
 */
export const MAX_COMMIT_DELAY_MS = 20_000;

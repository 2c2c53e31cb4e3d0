/**
 * A request whose reply was lost may still land for so long; what depends on its fate waits. The API
 * sets no limit: what lands later is not guarded against (docs/reliability.md).
 */
export const MAX_COMMIT_DELAY_MS = 20_000;

import { setFlagsFromString } from 'node:v8';

/**
 * V8 lets a small heap grow fourfold before it clears away what got old: 100,000 rows pass through
 * 40 MB and leave 140. Cleared at 1.4 times what is in use, the worker's memory stays as it is at
 * 1,000 rows (R7 in docs/performance.md), for a few ms of the collector's time a second.
 */
export const keepHeapSmall = (): void => setFlagsFromString('--heap-growing-percent=40');

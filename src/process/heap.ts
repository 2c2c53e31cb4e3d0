import { PerformanceObserver } from 'node:perf_hooks';
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';

/**
 * Limits the growth of V8's heap, which by default may grow fourfold before a collection: 100,000
 * rows pass through 40 MB and leave 140. At a factor of 1.4, memory stays as with 1,000 rows (R7 in
 * docs/design/performance.md). Costs a few ms of collector time per second.
 */
export function keepHeapSmall(): void {
  setFlagsFromString('--heap-growing-percent=40');
  if (isLimited) return;
  isLimited = true;
  // The observer is called between tasks, and the code of a worker is loaded in one.
  setFlagsFromString('--semi-space-growth-factor=1');
  new PerformanceObserver(limitYoungGeneration).observe({ type: 'gc' });
}

let isLimited = false;
let growthFactor = 1;

/** Size of V8's young generation beyond which it does not grow. */
const MAX_YOUNG_BYTES = 16 * 2 ** 20;

/**
 * Stops the growth of the young generation, which takes 64 MB after many rows, and 16 MB do. Its
 * maximum can be set only before V8 starts, its growth at any time. V8 may shrink it later.
 */
function limitYoungGeneration(): void {
  const young = getHeapSpaceStatistics().find(({ space_name: name }) => name === 'new_space');
  const wanted = (young?.space_size ?? 0) < MAX_YOUNG_BYTES ? 2 : 1;
  if (wanted === growthFactor) return;
  growthFactor = wanted;
  setFlagsFromString(`--semi-space-growth-factor=${wanted}`);
}

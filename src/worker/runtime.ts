import { PerformanceObserver } from 'node:perf_hooks';
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';
import { IllegalStateError } from '@temporalio/common';
import { Runtime, type Logger, type RuntimeOptions } from '@temporalio/worker';
import { RowmillError } from '../errors.ts';

export interface ProcessRuntime {
  logger: Logger;
  /** Loopback port of the core's own Prometheus exporter. */
  coreMetricsPort?: number;
}

/** The core's message when its exporter cannot listen. */
const PORT_TAKEN = /prometheus .*(address already in use|only one usage of each socket address)/i;

/**
 * Installs the SDK's runtime. One serves all workers of a process, so the first call decides, and a
 * program that has installed its own keeps it. Signals stay with the command, which drains.
 * @throws RowmillError `port_in_use`; the caller may try another port
 */
export function installRuntime({ logger, coreMetricsPort }: ProcessRuntime): void {
  keepHeapSmall();
  const options: RuntimeOptions = {
    logger,
    shutdownSignals: [],
    telemetryOptions: {
      logging: { forward: {}, filter: { core: 'WARN', other: 'ERROR' } },
      ...(coreMetricsPort === undefined
        ? {}
        : {
            metrics: {
              prometheus: {
                bindAddress: `127.0.0.1:${coreMetricsPort}`,
                countersTotalSuffix: true,
                unitSuffix: true,
                useSecondsForDurations: true,
              },
            },
          }),
    },
  };
  try {
    Runtime.install(options);
  } catch (error) {
    if (error instanceof IllegalStateError) return;
    // By its text: native code creates the error, outside the realm of a test.
    if (!PORT_TAKEN.test(String(error))) throw error;
    throw new RowmillError('port_in_use', "the port for the core's metrics is in use", {
      where: `127.0.0.1:${coreMetricsPort ?? 0}`,
      cause: error,
    });
  }
}

/**
 * Limits the growth of V8's heap, which by default may grow fourfold before a collection: 100,000
 * rows pass through 40 MB and leave 140. At a factor of 1.4, memory stays as with 1,000 rows (R7 in
 * docs/design/performance.md). Costs a few ms of collector time per second.
 */
export function keepHeapSmall(): void {
  setFlagsFromString('--heap-growing-percent=40');
  if (isLimited) return;
  isLimited = true;
  new PerformanceObserver(limitYoungGeneration).observe({ type: 'gc' });
}

let isLimited = false;
let growthFactor = 2;

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

import { Runtime, type Logger, type RuntimeOptions } from '@temporalio/worker';
import { IllegalStateError } from '@temporalio/common';
import { keepHeapSmall } from './heap.ts';

export interface ProcessRuntime {
  logger: Logger;
  /** Loopback port of the core's own Prometheus exporter. */
  coreMetricsPort?: number;
}

/**
 * The SDK's runtime of this process: one for all its workers, so the first to come decides; a
 * program that has installed its own keeps it. Signals stay with the command, which drains.
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
    if (!(error instanceof IllegalStateError)) throw error;
  }
}

import { IllegalStateError } from '@temporalio/common';
import { Runtime, type Logger, type RuntimeOptions } from '@temporalio/worker';
import { RowmillError } from '../errors.ts';
import { keepHeapSmall } from '../process/heap.ts';

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

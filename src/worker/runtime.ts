import { setFlagsFromString } from 'node:v8';
import { IllegalStateError } from '@temporalio/common';
import { Runtime, type Logger, type RuntimeOptions } from '@temporalio/worker';
import { RowmillError } from '../errors.ts';

export interface ProcessRuntime {
  logger: Logger;
  /** Loopback port of the core's own Prometheus exporter. */
  coreMetricsPort?: number;
}

/** The core's words when its exporter cannot listen. */
const PORT_TAKEN = /prometheus .*(address already in use|only one usage of each socket address)/i;

/**
 * The SDK's runtime of this process: one for all its workers, so the first to come decides; a
 * program that has installed its own keeps it. Signals stay with the command, which drains.
 * @throws RowmillError `port_in_use`; another port can be tried then
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
    // By its text: it is made in native code, outside the realm that a test may live in.
    if (!PORT_TAKEN.test(String(error))) throw error;
    throw new RowmillError('port_in_use', "the port for the core's metrics is in use", {
      where: `127.0.0.1:${coreMetricsPort ?? 0}`,
      cause: error,
    });
  }
}

/**
 * V8 lets a small heap grow fourfold before it clears away what got old: 100,000 rows pass through
 * 40 MB and leave 140. Cleared at 1.4 times what is in use, the worker's memory stays as it is at
 * 1,000 rows (R7 in docs/design/performance.md), for a few ms of the collector's time a second.
 */
export const keepHeapSmall = (): void => setFlagsFromString('--heap-growing-percent=40');

import { collectDefaultMetrics, Gauge, Registry } from '@prometheus-io/client';
import type { MetricEvent } from '../../activities/runtime/metric-events.ts';
import type { ProviderResponse } from '../providers/registry.ts';
import { isS3 } from '../s3/address.ts';
import { apiMetrics } from './api-metrics.ts';
import { paceMetrics } from './pace-metrics.ts';
import type { ProviderLook } from './shared-paces.ts';
import { stepMetrics } from './step-metrics.ts';
import { storeMetrics } from './store-metrics.ts';

export interface WorkerMetrics {
  readonly contentType: string;
  onResponse(response: ProviderResponse): void;
  onEvent(event: MetricEvent): void;
  onLook(look: ProviderLook): void;
  /** Returns rowmill's metrics in Prometheus' text format, then the SDK core's. */
  text(): Promise<string>;
}

export interface MetricsOptions {
  /** Called at each scrape. */
  isReady: () => boolean;
  /** Address of the core's exporter; `null` before it listens. */
  coreUrl?: () => string | null;
  /** Place of the store; of a folder, its size and the disk's are measured. */
  store?: string;
}

const CORE_TIMEOUT_MS = 2_000;

/**
 * Creates metrics that only this process has: requests to the provider, observations of steps, the
 * process itself. Attempts, slots, queues and polls are in the SDK core's.
 */
export function createMetrics({ isReady, coreUrl, store }: MetricsOptions): WorkerMetrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  new Gauge({
    name: 'rowmill_worker_polling',
    help: '1 while both task queues are polled for work.',
    registers: [registry],
    collect() {
      this.set(isReady() ? 1 : 0);
    },
  });
  // A bucket has no disk that fills up, and counting its files costs money.
  if (store !== undefined && !isS3(store)) storeMetrics(registry, store);
  return {
    contentType: registry.contentType,
    onResponse: apiMetrics(registry),
    onEvent: stepMetrics(registry),
    onLook: paceMetrics(registry),
    text: async () => {
      const [ours, core] = await Promise.all([registry.metrics(), coreText(coreUrl?.() ?? null)]);
      return `${ours.trimEnd()}\n${core}`;
    },
  };
}

/** Returns an empty text if the core does not answer: a scrape then has rowmill's metrics alone. */
async function coreText(url: string | null): Promise<string> {
  if (url === null) return '';
  try {
    const reply = await fetch(url, { signal: AbortSignal.timeout(CORE_TIMEOUT_MS) });
    const text = await reply.text();
    return reply.ok ? text : '';
  } catch {
    return '';
  }
}

import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { ProviderResponse } from '../providers/registry.ts';

export interface WorkerMetrics {
  readonly contentType: string;
  onResponse(response: ProviderResponse): void;
  /** In Prometheus' text format: ours, then the SDK core's. */
  text(): Promise<string>;
}

export interface MetricsOptions {
  /** Read at each scrape. */
  isReady: () => boolean;
  /** The core's exporter. */
  coreUrl?: string;
}

/** From a look-up nearby to a reply that took the client's whole patience. */
const SECONDS = [0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120];

const CORE_TIMEOUT_MS = 2_000;

/**
 * What only this process knows: requests to the provider, and itself. Steps, retries, slots and
 * polls of the task queues are the SDK core's, by activity and workflow type.
 */
export function createMetrics({ isReady, coreUrl }: MetricsOptions): WorkerMetrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const requests = new Counter({
    name: 'rowmill_api_requests_total',
    help: 'Replies of the provider.',
    labelNames: ['provider', 'route', 'status'],
    registers,
  });
  const seconds = new Histogram({
    name: 'rowmill_api_request_duration_seconds',
    help: 'From the request to the end of the reply.',
    labelNames: ['provider', 'route'],
    buckets: SECONDS,
    registers,
  });
  new Gauge({
    name: 'rowmill_worker_polling',
    help: '1 while both task queues are polled for work.',
    registers,
    collect() {
      this.set(isReady() ? 1 : 0);
    },
  });
  return {
    contentType: registry.contentType,
    onResponse: ({ provider, route, status, ms }) => {
      requests.inc({ provider, route, status });
      seconds.observe({ provider, route }, ms / 1_000);
    },
    text: async () => {
      const [ours, core] = await Promise.all([registry.metrics(), coreText(coreUrl)]);
      return `${ours.trimEnd()}\n${core}`;
    },
  };
}

/** Empty before the core listens: a scrape then shows ours alone. */
async function coreText(url: string | undefined): Promise<string> {
  if (url === undefined) return '';
  try {
    const reply = await fetch(url, { signal: AbortSignal.timeout(CORE_TIMEOUT_MS) });
    const text = await reply.text();
    return reply.ok ? text : '';
  } catch {
    return '';
  }
}

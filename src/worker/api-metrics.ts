import { Counter, Gauge, Histogram, type Registry } from '@prometheus-io/client';
import type { ProviderResponse } from '../providers/registry.ts';

/** Buckets from a fast read to a reply that took the client's whole time limit. */
const SECONDS = [0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120];

/** Counts requests to providers by route template, never by path. */
export function apiMetrics(registry: Registry): (response: ProviderResponse) => void {
  const registers = [registry];
  const requests = new Counter({
    name: 'rowmill_api_requests_total',
    help: 'Requests to the provider, by the status of the reply; "none" where none came back.',
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
  const held = new Histogram({
    name: 'rowmill_api_rate_limit_wait_seconds',
    help: 'Time a request waited for the rate limit of this worker.',
    labelNames: ['provider'],
    buckets: SECONDS,
    registers,
  });
  const pace = new Gauge({
    name: 'rowmill_api_requests_per_second',
    help: 'Pace that this worker allows itself: its share of what the token may send.',
    labelNames: ['provider'],
    registers,
  });
  return ({ provider, route, status, ms, rateLimitedMs, perSecond }) => {
    requests.inc({ provider, route, status: status ?? 'none' });
    seconds.observe({ provider, route }, ms / 1_000);
    held.observe({ provider }, rateLimitedMs / 1_000);
    pace.set({ provider }, perSecond);
  };
}

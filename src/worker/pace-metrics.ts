import { Gauge, type Registry } from '@prometheus-io/client';
import type { ProviderLook } from './shared-paces.ts';

/** Shows what the workers of a token share. */
export function paceMetrics(registry: Registry): (look: ProviderLook) => void {
  const gauge = (name: string, help: string): Gauge<'provider'> =>
    new Gauge({ name, help, labelNames: ['provider'], registers: [registry] });
  const token = gauge(
    'rowmill_api_token_requests_per_second',
    'Pace of the whole token, which all of its workers share.',
  );
  const workers = gauge('rowmill_api_token_workers', 'Workers that use the token now.');
  const isShared = gauge(
    'rowmill_api_pace_shared',
    '1 while the store answers, by which workers share the pace; 0: the share runs down.',
  );
  return ({ provider, perSecond, workers: count, problem }) => {
    token.set({ provider }, perSecond);
    workers.set({ provider }, count);
    isShared.set({ provider }, problem === null ? 1 : 0);
  };
}

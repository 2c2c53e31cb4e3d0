import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { expect, test } from '@jest/globals';
import { createMetrics } from '../../src/worker/metrics.ts';

test('requests are counted by provider, route and status; the core’s metrics follow', async () => {
  const core = createServer((_request, response) => response.end('temporal_up 1\n'));
  core.listen(0, '127.0.0.1');
  await once(core, 'listening');
  const { port } = core.address() as AddressInfo; // a TCP server has this kind of address
  const metrics = createMetrics({
    isReady: () => true,
    coreUrl: `http://127.0.0.1:${port}/metrics`,
  });
  const reply = { provider: 'extruct', route: 'GET /v1/tables/{id}', ms: 40 };
  metrics.onResponse({ ...reply, status: 200 });
  metrics.onResponse({ ...reply, status: 200 });
  metrics.onResponse({ ...reply, status: 503 });
  const lines = (await metrics.text()).split('\n');
  core.close();
  const labels = 'provider="extruct",route="GET /v1/tables/{id}"';
  expect(lines).toContain(`rowmill_api_requests_total{${labels},status="200"} 2`);
  expect(lines).toContain(`rowmill_api_requests_total{${labels},status="503"} 1`);
  expect(lines).toContain(`rowmill_api_request_duration_seconds_count{${labels}} 3`);
  expect(lines).toContain('rowmill_worker_polling 1');
  expect(lines).toContain('temporal_up 1');
});

test('without the core ours are served all the same', async () => {
  const metrics = createMetrics({ isReady: () => false, coreUrl: 'http://127.0.0.1:1/metrics' });
  expect(await metrics.text()).toContain('rowmill_worker_polling 0');
});

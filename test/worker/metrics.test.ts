import { createServer } from 'node:http';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import type { MetricEvent } from '../../activities/runtime/metric-events.ts';
import { RowmillError } from '../../src/errors.ts';
import { noCells } from '../../src/rules/cells/outcome.ts';
import { createMetrics } from '../../src/worker/metrics.ts';

test('requests are counted by provider, route and status beside the metrics of the core', async () => {
  const core = createServer((_request, response) => response.end('temporal_up 1\n'));
  core.listen(0, '127.0.0.1');
  await once(core, 'listening');
  const { port } = core.address() as AddressInfo; // a TCP server has this kind of address
  const metrics = createMetrics({
    isReady: () => true,
    coreUrl: () => `http://127.0.0.1:${port}/metrics`,
  });
  const reply = {
    provider: 'extruct',
    route: 'GET /v1/tables/{id}',
    ms: 40,
    rateLimitedMs: 3_000,
    perSecond: 12.5,
  };
  metrics.onResponse({ ...reply, status: 200 });
  metrics.onResponse({ ...reply, status: 200 });
  metrics.onResponse({ ...reply, status: 503 });
  metrics.onResponse({ ...reply, status: null });
  const lines = (await metrics.text()).split('\n');
  core.close();
  const labels = 'provider="extruct",route="GET /v1/tables/{id}"';
  expect(lines).toContain(`rowmill_api_requests_total{${labels},status="200"} 2`);
  expect(lines).toContain(`rowmill_api_requests_total{${labels},status="503"} 1`);
  expect(lines).toContain(`rowmill_api_request_duration_seconds_count{${labels}} 4`);
  expect(lines).toContain(`rowmill_api_requests_total{${labels},status="none"} 1`);
  expect(lines).toContain('rowmill_api_rate_limit_wait_seconds_sum{provider="extruct"} 12');
  expect(lines).toContain('rowmill_api_requests_per_second{provider="extruct"} 12.5');
  expect(lines).toContain('rowmill_worker_polling 1');
  expect(lines).toContain('temporal_up 1');
});

test('the pace of a token and who shares it are shown', async () => {
  const metrics = createMetrics({ isReady: () => true });
  const look = { provider: 'extruct', workers: 3, share: 0.4, perSecond: 20 };
  metrics.onLook({ ...look, problem: null });
  expect(await metrics.text()).toContain('rowmill_api_pace_shared{provider="extruct"} 1');
  metrics.onLook({ ...look, problem: new RowmillError('store_unreachable', 'no answer') });
  const lines = (await metrics.text()).split('\n');
  expect(lines).toContain('rowmill_api_token_requests_per_second{provider="extruct"} 20');
  expect(lines).toContain('rowmill_api_token_workers{provider="extruct"} 3');
  expect(lines).toContain('rowmill_api_pace_shared{provider="extruct"} 0');
});

/** The bytes of a store, and those that are free and all on its disk. */
async function bytesOf(store: string): Promise<number[]> {
  const text = await createMetrics({ isReady: () => true, store }).text();
  return ['store', 'store_free', 'store_disk'].map((name) =>
    Number(new RegExp(`^rowmill_${name}_bytes (\\S+)$`, 'm').exec(text)?.[1]),
  );
}

test('size of the store and room on its disk are shown', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'rowmill-metrics-'));
  try {
    await mkdir(join(folder, 'runs', 'a'), { recursive: true });
    await writeFile(join(folder, 'runs', 'a', 'rows.jsonl'), 'x'.repeat(300));
    await writeFile(join(folder, 'runs', 'quarantine.jsonl'), 'x'.repeat(21));
    const [bytes, free = 0, disk = 0] = await bytesOf(folder);
    expect(bytes).toBe(321);
    expect(free).toBeGreaterThan(0);
    expect(disk).toBeGreaterThanOrEqual(free);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test('a store that does not exist has no bytes', async () => {
  expect(await bytesOf(join(tmpdir(), 'rowmill-metrics-nowhere'))).toEqual([0, 0, 0]);
});

test('without the core ours are served all the same', async () => {
  const metrics = createMetrics({
    isReady: () => false,
    coreUrl: () => 'http://127.0.0.1:1/metrics',
  });
  expect(await metrics.text()).toContain('rowmill_worker_polling 0');
});

/** The samples after these events, by name and labels. */
async function after(...events: MetricEvent[]): Promise<Map<string, number>> {
  const metrics = createMetrics({ isReady: () => true });
  for (const event of events) metrics.onEvent(event);
  const lines = (await metrics.text()).split('\n').filter((line) => line.startsWith('rowmill_'));
  return new Map(lines.map((line) => [line.replace(/ \S+$/, ''), Number(line.split(' ').pop())]));
}

const provider = 'extruct';

test('every outcome is counted from zero at the start', async () => {
  const samples = await after();
  for (const outcome of ['completed', 'partial', 'failed', 'cancelled']) {
    const ended = `rowmill_runs_ended_total{provider="extruct",outcome="${outcome}"}`;
    expect([ended, samples.get(ended)]).toEqual([ended, 0]);
  }
  expect(samples.get('rowmill_waiting_runs{provider="extruct",for="account"}')).toBe(0);
});

test('an ended run counts once, with its cells by outcome', async () => {
  const cells = { ...noCells(), done: 7, failed: 2, blocked: 1 };
  const samples = await after(
    { type: 'run started', provider },
    { type: 'run ended', provider, outcome: 'partial', cells, tookMs: 90_000 },
  );
  expect(samples.get('rowmill_runs_started_total{provider="extruct"}')).toBe(1);
  expect(samples.get('rowmill_runs_ended_total{provider="extruct",outcome="partial"}')).toBe(1);
  expect(samples.get('rowmill_cells_total{provider="extruct",outcome="done"}')).toBe(7);
  expect(samples.get('rowmill_cells_total{provider="extruct",outcome="blocked"}')).toBe(1);
  expect(samples.get('rowmill_run_duration_seconds_sum{provider="extruct"}')).toBe(90);
});

test('runs that wait are those that have not stopped waiting', async () => {
  const samples = await after(
    { type: 'wait began', provider, for: 'cells' },
    { type: 'wait began', provider, for: 'cells' },
    { type: 'wait ended', provider, for: 'cells' },
  );
  expect(samples.get('rowmill_waiting_runs{provider="extruct",for="cells"}')).toBe(1);
});

test('credits lost are counted once across runs, without top-ups', async () => {
  const look = (credits: number, askedAtMs: number, readAtMs = askedAtMs + 10): MetricEvent => ({
    type: 'credits read',
    provider,
    credits,
    askedAtMs,
    readAtMs,
  });
  const samples = await after(
    look(1_000, 0),
    look(900, 100),
    look(900, 200),
    // Asked before the reading above was answered, and answered late: it has nothing new.
    look(1_000, 150, 250),
    look(5_000, 300),
    look(4_950, 400),
  );
  expect(samples.get('rowmill_account_credits_spent_total{provider="extruct"}')).toBe(150);
  expect(samples.get('rowmill_account_credits{provider="extruct"}')).toBe(4_950);
});

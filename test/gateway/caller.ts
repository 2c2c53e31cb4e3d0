import { startGateway, type GatewayService } from '../../src/gateway/service.ts';
import { gatewaySettings } from '../../src/gateway/settings.ts';
import { SECTOR, type TestEnv } from '../support/test-env.ts';

export const TOKEN = 'gateway-token-of-the-test-7c1e';

export interface Answer {
  status: number;
  headers: Headers;
  text: string;
  /** The body, where it is JSON. */
  json: Record<string, unknown>;
}

export interface Caller {
  gateway: GatewayService;
  env: Record<string, string>;
  call(path: string, init?: RequestInit): Promise<Answer>;
  /** Sends a body in JSON. */
  send(method: string, path: string, body: unknown): Promise<Answer>;
  /** `POST /v1/runs` */
  start(key: string, body: unknown): Promise<Answer>;
  /** Waits for the end of the run and returns its status. */
  ended(id: string): Promise<Answer>;
}

/** A gateway beside the test environment, and a caller with its token. */
export async function openGateway(
  testEnv: TestEnv,
  more: Record<string, string> = {},
): Promise<Caller> {
  const env = {
    TEMPORAL_ADDRESS: process.env['ROWMILL_TEST_TEMPORAL_ADDRESS'] ?? '',
    ROWMILL_TASK_QUEUE: testEnv.taskQueue,
    ROWMILL_STORE: testEnv.store.location,
    ROWMILL_GATEWAY_TOKENS: TOKEN,
    ROWMILL_GATEWAY_RATE: '100000',
    ROWMILL_LOG_LEVEL: 'error',
    ...more,
  };
  const gateway = await startGateway(gatewaySettings(env, { port: '0' }), env, {
    // Without the flags of the test runner.
    execArgv: [],
  });
  const call = async (path: string, init: RequestInit = {}): Promise<Answer> => {
    const headers = new Headers(init.headers);
    if (!headers.has('authorization')) headers.set('authorization', `Bearer ${TOKEN}`);
    const reply = await fetch(`${gateway.url}${path}`, { ...init, headers });
    const text = await reply.text();
    const isJson = /[/+]json$/.test(reply.headers.get('content-type')?.split(';')[0] ?? '');
    // An object, by the API's own document.
    const json = (isJson ? JSON.parse(text) : {}) as Record<string, unknown>;
    return { status: reply.status, headers: reply.headers, text, json };
  };
  const headers = { 'content-type': 'application/json' };
  return {
    gateway,
    env,
    call,
    send: (method, path, body) => call(path, { method, headers, body: JSON.stringify(body) }),
    start: (key, body) =>
      call('/v1/runs', {
        method: 'POST',
        headers: { ...headers, 'idempotency-key': key },
        body: JSON.stringify(body),
      }),
    ended: async (id) => {
      // Ends with the run.
      await call(`/v1/runs/${encodeURIComponent(id)}/events`);
      return call(`/v1/runs/${encodeURIComponent(id)}`);
    },
  };
}

export const ROWS = [
  { Symbol: 'MMM', Security: '3M' },
  { Symbol: 'AOS', Security: 'A. O. Smith' },
  { Symbol: 'ABT', Security: 'Abbott Laboratories' },
];

/** Pipeline without results: they are read from the gateway. */
export const pipelineOf = (changes: Record<string, unknown> = {}): Record<string, unknown> => ({
  name: 'gateway',
  provider: 'extruct',
  table: { kind: 'company', columns: [SECTOR] },
  rows: { inline: ROWS, key: 'Symbol', map: { input: 'Security' } },
  run: { minPollInterval: '100ms', maxPollInterval: '1s', stallAfter: '20s', deadline: '10m' },
  ...changes,
});

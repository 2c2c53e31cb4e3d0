import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defaultPayloadConverter, type Payload } from '@temporalio/common';
import { startCodecService } from '../../src/gateway/codec-service.ts';
import { startGateway, type GatewayService } from '../../src/gateway/service.ts';
import { gatewaySettings } from '../../src/gateway/settings.ts';
import { createPayloadCodec } from '../../src/temporal/payload-codec.ts';
import { payloadKeysOf } from '../../src/temporal/payload-keys.ts';

const keyOf = (id: string, fill: number): string =>
  `${id}:${Buffer.alloc(32, fill).toString('base64')}`;
const HERE = keyOf('here', 1);
const PLAIN = 'token-that-names-nothing';
const READER = 'token-of-a-reader-00000';
const DECODER = 'token-that-may-decode-0';
const UI = 'https://temporal.example.com';

let folder: string;
let gateway: GatewayService;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rowmill-codec-'));
  const file = join(folder, 'tokens');
  await writeFile(file, `${READER} scopes=read\n${DECODER} scopes=decode\n`);
  const env = {
    // It has nothing to ask the server.
    TEMPORAL_ADDRESS: '127.0.0.1:1',
    ROWMILL_STORE: join(folder, 'store'),
    ROWMILL_GATEWAY_TOKENS: PLAIN,
    ROWMILL_GATEWAY_TOKENS_FILE: file,
    ROWMILL_GATEWAY_CODEC_ORIGINS: UI,
    ROWMILL_PAYLOAD_KEYS: HERE,
    ROWMILL_LOG_LEVEL: 'error',
  };
  gateway = await startGateway(gatewaySettings(env, { port: '0' }), env, { execArgv: [] });
});
afterAll(async () => {
  await gateway.stop('the test is over');
  await rm(folder, { recursive: true });
});

/** Writes payloads as JSON of protobuf, which Temporal's UI sends. */
const jsonOf = ({ metadata, data }: Payload) => ({
  metadata: Object.fromEntries(
    Object.entries(metadata ?? {}).map(([name, bytes]) => [
      name,
      Buffer.from(bytes).toString('base64'),
    ]),
  ),
  data: Buffer.from(data ?? []).toString('base64'),
});
const encrypted = async (value: unknown, keys = HERE) => {
  const codec = createPayloadCodec(payloadKeysOf({ ROWMILL_PAYLOAD_KEYS: keys }));
  const [payload = {}] = await codec.encode([defaultPayloadConverter.toPayload(value)]);
  return jsonOf(payload);
};
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const basic = (token: string) => ({
  authorization: `Basic ${Buffer.from(`reader:${token}`).toString('base64')}`,
});
/** Asks again while a busy machine makes the gateway turn requests away. */
async function ask(
  path: string,
  headers: Record<string, string>,
  payloads: unknown[],
): Promise<Response> {
  for (;;) {
    const reply = await fetch(`${gateway.url}/v1/codec/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-namespace': 'default', ...headers },
      body: JSON.stringify({ payloads }),
    });
    if (reply.status !== 503) return reply;
    await reply.text();
  }
}
const textsIn = async (reply: Response): Promise<string[]> => {
  const { payloads } = (await reply.json()) as { payloads: { data: string }[] };
  return payloads.map(({ data }) => Buffer.from(data, 'base64').toString('utf8'));
};

test('a token with the scope decode reads the payloads of known keys', async () => {
  const other = await encrypted('locked', keyOf('gone', 2));
  const plain = jsonOf(defaultPayloadConverter.toPayload('plain'));
  const reply = await ask('decode', bearer(DECODER), [await encrypted('a row'), other, plain]);
  expect(reply.status).toBe(200);
  const [first, second, third] = await textsIn(reply);
  expect([first, third]).toEqual(['"a row"', '"plain"']);
  expect(second).toBe(Buffer.from(other.data, 'base64').toString('utf8'));
});

test('where none can be read, the missing key is named', async () => {
  const reply = await ask('decode', bearer(DECODER), [await encrypted('x', keyOf('gone', 2))]);
  expect(reply.status).toBe(500);
  expect(await reply.json()).toMatchObject({
    code: 'payload_key_missing',
    detail: expect.stringContaining('gone'),
  });
});

test('what it encodes, it decodes', async () => {
  const plain = jsonOf(defaultPayloadConverter.toPayload({ credits: 3 }));
  const encoded = await ask('encode', bearer(DECODER), [plain]);
  const { payloads } = (await encoded.json()) as { payloads: unknown[] };
  expect(JSON.stringify(payloads)).not.toContain(plain.data);
  expect(await textsIn(await ask('decode', bearer(DECODER), payloads))).toEqual(['{"credits":3}']);
});

test.each([
  ['no token', {}, 401],
  ['a token that names no scopes', bearer(PLAIN), 403],
  ['a token that may read', bearer(READER), 403],
  ['such a token as a password', basic(READER), 403],
])('%s decodes nothing', async (_, headers, status) => {
  const reply = await ask('decode', { ...headers }, [await encrypted('a row')]);
  expect(reply.status).toBe(status);
  expect(await reply.text()).not.toContain('a row');
});

test('a token of one owner cannot have the scope, because payloads name none', async () => {
  const file = join(folder, 'owned');
  await writeFile(file, `${DECODER} owner=billing scopes=read,decode\n`);
  expect(() => gatewaySettings({ ROWMILL_GATEWAY_TOKENS_FILE: file })).toThrow(/all owners/);
});

test('a browser that signed in once may decode from the web interface', async () => {
  const unknown = await fetch(`${gateway.url}/v1/codec`);
  expect(unknown.status).toBe(401);
  expect(unknown.headers.get('www-authenticate')).toBe('Basic realm="rowmill"');
  const signedIn = await fetch(`${gateway.url}/v1/codec`, { headers: basic(DECODER) });
  expect(signedIn.status).toBe(200);
  const preflight = await fetch(`${gateway.url}/v1/codec/decode`, {
    method: 'OPTIONS',
    headers: { origin: UI, 'access-control-request-method': 'POST' },
  });
  expect(preflight.status).toBe(204);
  expect(preflight.headers.get('access-control-allow-origin')).toBe(UI);
  expect(preflight.headers.get('access-control-allow-credentials')).toBe('true');
  const reply = await ask('decode', { origin: UI, ...basic(DECODER) }, [await encrypted('a row')]);
  expect(reply.headers.get('access-control-allow-origin')).toBe(UI);
  expect(await textsIn(reply)).toEqual(['"a row"']);
});

test('another page decodes nothing, even with the browser’s password', async () => {
  const evil = { origin: 'https://evil.example.com', ...basic(DECODER) };
  const reply = await ask('decode', evil, [await encrypted('a row')]);
  expect(reply.status).toBe(403);
  expect(reply.headers.get('access-control-allow-origin')).toBeNull();
});

test('a codec password is refused elsewhere', async () => {
  const reply = await fetch(`${gateway.url}/v1/runs`, { headers: basic(PLAIN) });
  expect(reply.status).toBe(401);
});

test('the codec of a development server serves the page of its UI alone', async () => {
  const service = await startCodecService({ env: { ROWMILL_PAYLOAD_KEYS: HERE }, port: 0 });
  try {
    service.allow('http://127.0.0.1:8233');
    const decode = async (headers: Record<string, string>) =>
      fetch(`${service.url}/decode`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify({ payloads: [await encrypted('a row')] }),
      });
    for (const origin of ['http://127.0.0.1:8233', 'http://localhost:8233']) {
      expect(await textsIn(await decode({ origin }))).toEqual(['"a row"']);
    }
    expect((await decode({ origin: 'http://127.0.0.1:3000' })).status).toBe(403);
  } finally {
    await service.stop();
  }
});

test.each(['https://temporal.example.com/', 'temporal.example.com', '*', 'null'])(
  '%s is refused as an origin',
  (text) => {
    expect(() => gatewaySettings({ ROWMILL_GATEWAY_CODEC_ORIGINS: text })).toThrow(/is no origin/);
  },
);

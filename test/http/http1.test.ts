import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { createSecureServer, type Http2SecureServer } from 'node:http2';
import { connect, type AddressInfo } from 'node:net';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { generate } from 'selfsigned';
import type { RunFinished } from '../../src/contract/run.ts';
import { createDispatcher } from '../../src/http/dispatcher.ts';
import type { Proxy } from '../../src/http/proxy.ts';
import { sendOnce } from '../../src/http/exchange.ts';
import { createWebhooks } from '../../src/notify/webhooks.ts';

let server: Http2SecureServer;
let origin = '';
let proxy: Server;
let proxyUrl = '';
/** Address that only the proxy knows. */
let proxied = '';
const versions: string[] = [];
const trusted = getCACertificates('default');

const HOST = 'api.rowmill.test';

/** Prefers HTTP/2, as most APIs on the internet do. */
beforeAll(async () => {
  const { cert, private: key } = await generate([{ name: 'commonName', value: 'localhost' }], {
    extensions: [
      {
        name: 'subjectAltName',
        altNames: ['localhost', HOST].map((value) => ({ type: 2, value })),
      },
    ],
  });
  setDefaultCACertificates([...trusted, cert]);
  server = createSecureServer({ cert, key, allowHTTP1: true }, (request, reply) => {
    versions.push(request.httpVersion);
    request.resume().on('end', () => {
      reply.writeHead(200, { 'content-type': 'application/json' });
      reply.end('{}');
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  origin = `https://localhost:${portOf(server)}`;
  proxied = `https://${HOST}:${portOf(server)}`;
  proxy = createServer().on('connect', (_request, socket) => {
    const through = connect(portOf(server), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
      through.pipe(socket).pipe(through);
    });
    through.on('error', () => socket.destroy());
    socket.on('error', () => through.destroy());
  });
  await once(proxy.listen(0, '127.0.0.1'), 'listening');
  proxyUrl = `http://127.0.0.1:${portOf(proxy)}`;
});

afterAll(async () => {
  setDefaultCACertificates(trusted);
  await Promise.all([server, proxy].map((each) => new Promise((closed) => each.close(closed))));
});

// A server on a port has an address of this shape.
const portOf = (of: Http2SecureServer | Server): number => (of.address() as AddressInfo).port;

async function request(url: string, through: Proxy | null): Promise<string> {
  const limits = { connectTimeoutMs: 60_000, headersTimeoutMs: 60_000, bodyTimeoutMs: 60_000 };
  const dispatcher = createDispatcher(new URL(url), { ...limits, connections: 1 }, through);
  try {
    const reply = await sendOnce(dispatcher, {
      origin: url,
      method: 'POST',
      path: '/v1/tables',
      headers: {},
      body: '{}',
      totalTimeoutMs: 60_000,
      maxBodyBytes: 1_024,
      signal: new AbortController().signal,
      onSent: () => undefined,
    });
    return reply.kind;
  } finally {
    await dispatcher.destroy();
  }
}

test('requests to an API take HTTP/1.1 where the server prefers HTTP/2', async () => {
  expect(await request(origin, null)).toBe('reply');
  expect(await request(proxied, { url: proxyUrl, except: '' })).toBe('reply');
  expect(versions.splice(0)).toEqual(['1.1', '1.1']);
});

const sendWebhook = (url: string, env: Record<string, string>): Promise<void> =>
  createWebhooks({
    ROWMILL_WEBHOOK_SECRET: `whsec_${Buffer.alloc(32, 7).toString('base64')}`,
    ROWMILL_WEBHOOK_SECRET_ORIGINS: url,
    ROWMILL_WEBHOOK_ALLOW_PRIVATE: '1',
    ...env,
  }).send({
    target: { url: `${url}/hook`, on: [], secretEnv: 'ROWMILL_WEBHOOK_SECRET' },
    id: 'msg_1',
    body: { type: 'run.finished' } as RunFinished, // only its text travels
    ui: null,
    signal: new AbortController().signal,
  });

test('webhooks take HTTP/1.1 where the receiver prefers HTTP/2', async () => {
  await sendWebhook(origin, {});
  await sendWebhook(proxied, { HTTPS_PROXY: proxyUrl });
  expect(versions.splice(0)).toEqual(['1.1', '1.1']);
});

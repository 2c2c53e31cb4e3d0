import { afterEach, expect, test } from '@jest/globals';
import { createHmac } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';
import type { RunFinished } from '../../src/contract/run.ts';
import { RowmillError } from '../../src/errors.ts';
import type { Notification } from '../../src/contract/notifications.ts';
import { isPublic } from '../../src/outbound/addresses.ts';
import { createWebhooks } from '../../src/notify/webhooks.ts';
import { runSummary } from '../support/run-summary.ts';

const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const OPEN = { ROWMILL_WEBHOOK_SECRET: SECRET, ROWMILL_WEBHOOK_ALLOW_PRIVATE: '1' };

const body: RunFinished = {
  type: 'run.finished',
  timestamp: '2026-01-31T02:30:00.000Z',
  data: runSummary(),
};

interface Received {
  url: string;
  headers: IncomingHttpHeaders;
  text: string;
}

let server: Server;
afterEach(() => new Promise((resolve) => server.close(resolve)));

/** A receiver on this machine that answers with a given status. */
async function receiver(status = 204, headers: Record<string, string> = {}) {
  const received: Received[] = [];
  server = createServer((request, response) => {
    let text = '';
    request.setEncoding('utf8').on('data', (piece: string) => (text += piece));
    request.on('end', () => {
      received.push({ url: request.url ?? '', headers: request.headers, text });
      response.writeHead(status, headers).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // A server that listens on a port has such an address.
  const { port } = server.address() as AddressInfo;
  return { received, port };
}

const send = (env: Record<string, string>, url: string): Promise<void> =>
  createWebhooks({ ROWMILL_WEBHOOK_SECRET_ORIGINS: new URL(url).origin, ...env }).send({
    target: { url, on: [], secretEnv: 'ROWMILL_WEBHOOK_SECRET' },
    id: 'msg_1',
    body,
    ui: null,
    signal: new AbortController().signal,
  });

const sendToSlack = (env: Record<string, string>, message: Notification): Promise<void> =>
  createWebhooks({ ROWMILL_WEBHOOK_ALLOW_PRIVATE: '1', ...env }).send({
    target: { slack: 'SLACK_WEBHOOK_URL_GTM', on: [] },
    id: 'msg_1',
    body: message,
    ui: 'http://127.0.0.1:8233/namespaces/default/workflows/r/1/history',
    signal: new AbortController().signal,
  });

async function errorOf(sent: Promise<void>): Promise<RowmillError> {
  const error: unknown = await sent.then(
    () => new Error('it was delivered'),
    (thrown: unknown) => thrown,
  );
  if (error instanceof RowmillError) return error;
  throw error;
}

test('a webhook is signed so that the reference library verifies it', async () => {
  const { received, port } = await receiver();
  await send(OPEN, `http://127.0.0.1:${port}/hook?from=rowmill`);
  const [one] = received;
  expect(one?.url).toBe('/hook?from=rowmill');
  const headers = {
    'webhook-id': String(one?.headers['webhook-id']),
    'webhook-timestamp': String(one?.headers['webhook-timestamp']),
    'webhook-signature': String(one?.headers['webhook-signature']),
  };
  const key = Buffer.from(SECRET.slice('whsec_'.length), 'base64');
  const signed = [headers['webhook-id'], headers['webhook-timestamp'], one?.text].join('.');
  // Not by the library, which has signed it.
  const hmac = createHmac('sha256', key).update(signed).digest('base64');
  expect(headers['webhook-signature']).toBe(`v1,${hmac}`);
  expect(new Webhook(SECRET).verify(one?.text ?? '', headers)).toEqual(body);
  expect(() => new Webhook(SECRET).verify(`${one?.text ?? ''} `, headers)).toThrow();
  expect(JSON.stringify(one)).not.toContain(SECRET);
});

test.each(['127.0.0.1', 'localhost', '[::1]', '[::ffff:127.0.0.1]', '2130706433', '0x7f.1'])(
  'nothing is sent to %s unless it is allowed',
  async (host) => {
    const { received, port } = await receiver();
    const { ROWMILL_WEBHOOK_SECRET } = OPEN;
    const error = await errorOf(send({ ROWMILL_WEBHOOK_SECRET }, `https://${host}:${port}/`));
    expect([error.code, error.what]).toEqual([
      'webhook_refused',
      expect.stringContaining('is an address of a private network'),
    ]);
    expect(received).toEqual([]);
  },
);

test('private and public addresses are distinguished', () => {
  const closed = [
    ...['10.1.2.3', '172.16.0.1', '192.168.1.1', '127.9.9.9', '169.254.169.254', '0.0.0.0'],
    ...['100.64.0.1', '224.0.0.1', '255.255.255.255', '::', '::1', 'fe80::1', 'fc00::1', 'ff02::1'],
    ...['::ffff:10.0.0.1', '::ffff:a9fe:a9fe', '64:ff9b::a00:1', '2002:a00:1::', '2001::1', 'x'],
    ...[
      '::127.0.0.1',
      '::10.0.0.1',
      '64:ff9b::7f00:1',
      '64:ff9b:1::1',
      'fd00::1',
      'fec0::1',
      '100::1',
    ],
    ...['fe80::1%eth0', '2001:db8::1', '3fff::1', '5f00::1', '::ffff:0:127.0.0.1'],
  ];
  expect(closed.filter(isPublic)).toEqual([]);
  const open = ['93.184.216.34', '2606:2800:220:1::1', '::ffff:93.184.216.34'];
  expect(open.filter(isPublic)).toEqual(open);
});

test('plain http is refused unless it is allowed', async () => {
  const { received, port } = await receiver();
  const { ROWMILL_WEBHOOK_SECRET } = OPEN;
  const error = await errorOf(send({ ROWMILL_WEBHOOK_SECRET }, `http://127.0.0.1:${port}/`));
  expect([error.code, error.what]).toEqual(['webhook_refused', 'it is not https']);
  expect(received).toEqual([]);
});

test('an improper secret is refused without being repeated', async () => {
  const { received, port } = await receiver();
  const url = `http://127.0.0.1:${port}/`;
  const open = { ROWMILL_WEBHOOK_ALLOW_PRIVATE: '1' };
  const missing = await errorOf(send(open, url));
  expect(missing.what).toBe('ROWMILL_WEBHOOK_SECRET is not set');
  for (const secret of ['hunter2hunter2', 'whsec_c2hvcnQ=', 'whsec_%%%']) {
    const error = await errorOf(send({ ...open, ROWMILL_WEBHOOK_SECRET: secret }, url));
    expect(error.code).toBe('webhook_refused');
    expect(error.message + error.remedy).not.toContain(secret);
  }
  expect(received).toEqual([]);
});

test('a redirect is refused without its query in the error', async () => {
  const moved = await receiver(302, { location: 'http://127.0.0.1:1/' });
  const redirect = await errorOf(send(OPEN, `http://127.0.0.1:${moved.port}/hook?token=s3cret`));
  expect([redirect.code, redirect.retryable]).toEqual(['webhook_refused', false]);
  expect(redirect.message).not.toContain('s3cret');
});

test('an error of the receiver is retryable', async () => {
  const broken = await receiver(500);
  const failed = await errorOf(send(OPEN, `http://127.0.0.1:${broken.port}/`));
  expect([failed.code, failed.retryable]).toEqual(['webhook_failed', true]);
});

test('a receiver that does not listen gives no answer', async () => {
  const gone = await errorOf(send(OPEN, 'http://127.0.0.1:1/'));
  expect([gone.code, gone.what]).toEqual(['webhook_failed', 'no answer (ECONNREFUSED)']);
});

test('a secret goes only to the origins that its operator named', async () => {
  const { received, port } = await receiver();
  const url = `http://127.0.0.1:${port}/`;
  for (const origins of [
    '',
    'https://hooks.example.com',
    `http://127.0.0.1:${port + 1}`,
    'no URL',
  ]) {
    const env = { ...OPEN, ROWMILL_WEBHOOK_SECRET_ORIGINS: origins };
    const error = await errorOf(send(env, url));
    expect(error).toMatchObject({ code: 'webhook_refused' });
    expect(error.remedy).toContain(`ROWMILL_WEBHOOK_SECRET_ORIGINS=http://127.0.0.1:${port}`);
  }
  const origins = `https://a.example, http://127.0.0.1:${port}/x`;
  await send({ ...OPEN, ROWMILL_WEBHOOK_SECRET_ORIGINS: origins }, url);
  expect(received).toHaveLength(1);
  const other = createWebhooks({ ...OPEN, EXTRUCT_API_TOKEN: SECRET }).send({
    target: { url, on: [], secretEnv: 'EXTRUCT_API_TOKEN' },
    id: 'msg_1',
    body,
    ui: null,
    signal: new AbortController().signal,
  });
  expect((await errorOf(other)).what).toContain('EXTRUCT_API_TOKEN is no variable');
  expect(received).toHaveLength(1);
});

test('where a proxy is set the webhook goes through it, unless its host is left out', async () => {
  server = createServer();
  const asked: string[] = [];
  server.on('connect', (request, socket) => {
    asked.push(request.url ?? '');
    socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // A server that listens on a port has such an address.
  const { port } = server.address() as AddressInfo;
  const env = { ROWMILL_WEBHOOK_SECRET: SECRET, HTTPS_PROXY: `http://127.0.0.1:${port}` };
  await errorOf(send(env, 'https://hooks.example.com/x'));
  expect(asked).toEqual(['hooks.example.com:443']);
  await errorOf(send({ ...env, NO_PROXY: '.invalid' }, 'https://hooks.invalid/x'));
  expect(asked).toHaveLength(1);
});

const needs: Notification = {
  type: 'run.needs-approval',
  timestamp: '2026-01-31T02:30:00.000Z',
  data: {
    workflowId: 'leads <!channel> & more',
    runId: '1',
    pipeline: 'leads',
    what: 'about 1,200 credits',
    since: '2026-01-30T22:30:00.000Z',
    reminder: 1,
    rows: 503,
    cells: { done: 30, total: 1006 },
    credits: { estimated: 1200, spent: 30 },
    deadline: '2026-01-31T12:00:00.000Z',
    tableUrl: null,
    command: "rowmill approve 'leads'",
  },
};

test('a message to Slack mentions no person', async () => {
  const { received, port } = await receiver(200);
  await sendToSlack({ SLACK_WEBHOOK_URL_GTM: `http://127.0.0.1:${port}/services/T/B/x` }, needs);
  const [one] = received;
  expect(one?.url).toBe('/services/T/B/x');
  expect(one?.headers['webhook-signature']).toBeUndefined();
  expect(JSON.parse(one?.text ?? '')).toEqual({
    text: [
      '*leads &lt;!channel&gt; &amp; more waits for an approval (reminder 1, since 2026-01-30T22:30:00.000Z)*',
      'about 1,200 credits',
      '503 rows, 30 of 1,006 cells done, 30 of about 1,200 credits',
      'Deadline 2026-01-31T12:00:00.000Z',
      '<http://127.0.0.1:8233/namespaces/default/workflows/r/1/history|Open in Temporal>',
      "`rowmill approve 'leads'`",
    ].join('\n'),
  });
});

test('a need by webhook has the link to the run beside its figures', async () => {
  const { received, port } = await receiver();
  const url = `http://127.0.0.1:${port}/`;
  await createWebhooks({ ...OPEN, ROWMILL_WEBHOOK_SECRET_ORIGINS: url }).send({
    target: { url, on: [], secretEnv: 'ROWMILL_WEBHOOK_SECRET' },
    id: 'msg_1',
    body: needs,
    ui: 'http://ui.example/run',
    signal: new AbortController().signal,
  });
  const sent: unknown = JSON.parse(received[0]?.text ?? '');
  expect(sent).toEqual({ ...needs, data: { ...needs.data, ui: 'http://ui.example/run' } });
});

test('the address of a channel comes only from variables for Slack', async () => {
  const { received, port } = await receiver(404);
  const address = `http://127.0.0.1:${port}/services/T0SECRET`;
  const refused = await errorOf(sendToSlack({ SLACK_WEBHOOK_URL_GTM: address }, needs));
  expect([refused.code, refused.what]).toEqual(['webhook_failed', 'answered 404']);
  expect(refused.message).toContain('SLACK_WEBHOOK_URL_GTM');
  expect(refused.message + refused.remedy).not.toContain('T0SECRET');
  expect(received).toHaveLength(1);
  const closed = { ROWMILL_WEBHOOK_ALLOW_PRIVATE: '0', SLACK_WEBHOOK_URL_GTM: address };
  expect((await errorOf(sendToSlack(closed, needs))).what).toBe('it is not https');
  expect((await errorOf(sendToSlack({}, needs))).what).toBe('SLACK_WEBHOOK_URL_GTM is not set');
  const other = createWebhooks({ DATABASE_URL: address }).send({
    target: { slack: 'DATABASE_URL', on: [] },
    id: 'msg_1',
    body: needs,
    ui: null,
    signal: new AbortController().signal,
  });
  expect((await errorOf(other)).what).toBe('DATABASE_URL is no variable for a channel of Slack');
  expect(received).toHaveLength(1);
});

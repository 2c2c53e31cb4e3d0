import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer as createHttpServer } from 'node:http';
import { createServer } from 'node:https';
import { connect, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { generate } from 'selfsigned';
import { proxyOf } from '../../src/http/proxy.ts';
import { failureOf } from './calls.ts';
import { startChild } from '../dev/child.ts';

/** Host that only the proxy knows. */
const HOST = 'api.rowmill.test';

let folder: string;
let api: Server;
const bodies: string[] = [];

const listen = async (server: Server): Promise<number> => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // A TCP server has this kind of address.
  return (server.address() as AddressInfo).port;
};
const close = (server: Server): Promise<void> =>
  new Promise((resolve) => server.close(() => resolve()));

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rowmill-proxy-'));
  const { cert, private: key } = await generate([{ name: 'commonName', value: 'localhost' }], {
    extensions: [
      {
        name: 'subjectAltName',
        altNames: ['localhost', HOST].map((value) => ({ type: 2, value })),
      },
    ],
  });
  await writeFile(join(folder, 'ca.pem'), cert);
  api = createServer({ cert, key }, (request, reply) => {
    request.setEncoding('utf8').on('data', (text: string) => bodies.push(text));
    request.on('end', () => {
      reply.writeHead(200, { 'content-type': 'application/json' });
      reply.end(JSON.stringify({ authorization: request.headers.authorization }));
    });
  });
});
afterAll(async () => {
  await close(api);
  await rm(folder, { recursive: true, force: true });
});

/** A proxy that wants this user; where it was asked to connect to. */
async function openProxy(user: string): Promise<{ port: number; asked: string[]; server: Server }> {
  const asked: string[] = [];
  const server = createHttpServer((_request, reply) => reply.writeHead(405).end());
  server.on('connect', (request, socket) => {
    asked.push(request.url ?? '');
    const wanted = `Basic ${Buffer.from(user).toString('base64')}`;
    if (request.headers['proxy-authorization'] !== wanted) {
      socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n');
      return;
    }
    const onward = connect(Number(request.url?.split(':')[1]), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
      onward.pipe(socket).pipe(onward);
    });
    for (const end of [socket, onward]) end.on('error', () => undefined);
  });
  return { port: await listen(server), asked, server };
}

const ask = async (apiPort: number, env: Record<string, string>, host = HOST): Promise<unknown> => {
  const { PATH = '' } = process.env;
  const extra = { PATH, NODE_EXTRA_CA_CERTS: join(folder, 'ca.pem'), ...env };
  const child = startChild('../http/asks.ts', [`https://${host}:${apiPort}`], extra);
  const line = await child.line((text) => text.startsWith('{'));
  await child.ended;
  return JSON.parse(line);
};

test('the proxy of the environment is used for the hosts that it covers', async () => {
  const apiPort = await listen(api);
  const { port, asked, server } = await openProxy('rowmill:s3cret-word');
  const proxied = { HTTPS_PROXY: `http://rowmill:s3cret-word@127.0.0.1:${port}` };
  const answered = { json: { authorization: 'Bearer a-token' } };

  expect(await ask(apiPort, proxied)).toEqual(answered);
  expect(asked).toEqual([`${HOST}:${apiPort}`]);
  // Straight to it: there is no such host.
  const left = await ask(apiPort, { ...proxied, NO_PROXY: '.example,.rowmill.test' });
  expect(left).toMatchObject({ code: 'provider_unreachable' });
  expect(await ask(apiPort, proxied, 'localhost')).toEqual(answered);
  expect(asked).toHaveLength(1);

  const sent = bodies.length;
  const refused = await ask(apiPort, {
    HTTPS_PROXY: `http://rowmill:wr0ng-word@127.0.0.1:${port}`,
  });
  expect(refused).toMatchObject({ code: 'provider_unreachable', ambiguous: false });
  expect(refused).toMatchObject({ message: expect.stringContaining('407') });
  expect(JSON.stringify(refused)).not.toContain('wr0ng-word');
  expect(bodies).toHaveLength(sent);
  await close(server);
});

test('what is no address of a proxy is refused without being shown', async () => {
  const env = { https_proxy: 'rowmill:s3cret-word@proxy.example' };
  const error = await failureOf(Promise.resolve().then(() => proxyOf(env)));
  expect(error).toMatchObject({ code: 'usage' });
  expect(error.message).toContain('https_proxy');
  expect(error.message + error.remedy).not.toContain('s3cret-word');
  expect(proxyOf({ HTTPS_PROXY: ' ' })).toBe(null);
});

import { afterEach, expect, test } from '@jest/globals';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { httpsBytes } from '../../src/sources/formats/https-bytes.ts';
import { openSource } from '../../src/sources/source.ts';
import { outcomeOf } from './rows-file.ts';

const OPEN = { ROWMILL_ROWS_ALLOW_PRIVATE: '1' };

let server: Server;
afterEach(() => new Promise((resolve) => server.close(resolve)));

/** Serves the given answers; returns its address and the paths that were asked for. */
async function served(listener: RequestListener): Promise<{ url: string; asked: string[] }> {
  const asked: string[] = [];
  server = createServer((request, response) => {
    asked.push(request.url ?? '');
    listener(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // A server that listens on a port has such an address.
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

async function rowsAt(url: string, env: Record<string, string> = OPEN): Promise<unknown[]> {
  const rows: unknown[] = [];
  for await (const { values } of openSource({ type: 'url', url }, { env })) rows.push(values);
  return rows;
}

test.each([
  ['CSV', 'id,name\r\n1,"A, B"\r\n'],
  ['JSON Lines', '{"id":"1","name":"A, B"}\n'],
  ['a JSON array', '[{"id":"1","name":"A, B"}]'],
])('rows that an address gives as %s are recognised', async (_, body) => {
  const { url } = await served((_request, response) => response.end(body));
  expect(await rowsAt(`${url}/export?format=csv&gid=0`)).toEqual([{ id: '1', name: 'A, B' }]);
});

test('redirects lead to the rows through allowed addresses only', async () => {
  const { url, asked } = await served((request, response) => {
    const next = new Map([
      ['/sheet', '/there'],
      ['/out', 'ftp://127.0.0.1/x'],
      ['/loop', '/loop'],
    ]);
    const location = next.get(request.url ?? '');
    if (location === undefined) response.end('id\n1\n');
    else response.writeHead(307, { location }).end();
  });
  expect(await rowsAt(`${url}/sheet`)).toEqual([{ id: '1' }]);
  expect(asked).toEqual(['/sheet', '/there']);
  expect(await outcomeOf(rowsAt(`${url}/out`))).toMatch(/^source_not_found: .*it is not https/);
  expect(await outcomeOf(rowsAt(`${url}/loop`))).toMatch(/redirected more than 5 times/);
});

test('an address of a private network is refused before anything is sent', async () => {
  const { url, asked } = await served((_request, response) => response.end('id\n1\n'));
  expect(await outcomeOf(rowsAt(url, {}))).toMatch(/it is not https/);
  const { port } = new URL(url);
  for (const host of ['127.0.0.1', 'localhost', '[::1]']) {
    const found = await outcomeOf(rowsAt(`https://${host}:${port}/x?token=s3cret`, {}));
    expect(found).toMatch(/^source_not_found: .*is an address of a private network/);
    expect(found).not.toContain('s3cret');
  }
  expect(asked).toEqual([]);
});

test.each([
  [404, 'source_not_found'],
  [403, 'source_not_found'],
  [429, 'source_unreachable'],
  [503, 'source_unreachable'],
])('an answer of %i is %s', async (status, code) => {
  const { url } = await served((_request, response) => response.writeHead(status).end('no'));
  expect(await outcomeOf(rowsAt(url))).toMatch(new RegExp(`^${code}: .*answered ${status}`));
});

test('a page that holds no whole list is refused', async () => {
  const page = await served((_request, response) => response.end('<!doctype html><html></html>'));
  expect(await outcomeOf(rowsAt(page.url))).toMatch(/^source_unreadable: .*a web page/);
  await new Promise((resolve) => server.close(resolve));
  const { url } = await served((_request, response) => {
    response.writeHead(200, { 'content-length': '100' }).write('id\n1\n');
    setTimeout(() => response.destroy(), 20);
  });
  expect(await outcomeOf(rowsAt(url))).toMatch(/^source_unreachable: .*no whole answer/);
});

test('more bytes than allowed are not read, whether the answer says so or not', async () => {
  const { url } = await served((request, response) => {
    const headers = request.url === '/says' ? { 'content-length': '4000' } : {};
    response.writeHead(200, headers).end('x'.repeat(4000));
  });
  const bytesAt = async (path: string): Promise<number> => {
    let bytes = 0;
    for await (const piece of httpsBytes(`${url}${path}`, OPEN, { maxBytes: 2048 })) {
      bytes += piece.length;
    }
    return bytes;
  };
  expect(await outcomeOf(bytesAt('/says'))).toMatch(/^source_unreadable: .*more than/);
  expect(await outcomeOf(bytesAt('/streams'))).toMatch(/^source_unreadable: .*more than/);
});

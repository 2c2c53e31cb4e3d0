import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Received {
  method: string;
  url: string;
  headers: IncomingMessage['headers'];
  body: string;
}

export type Behaviour = (res: ServerResponse, received: Received, nth: number) => void;

export interface TestServer {
  url: string;
  received: Received[];
  /** Connections accepted so far. */
  connections: () => number;
  close: () => Promise<void>;
}

const running = new Set<TestServer>();

/** A real HTTP server that does what the test says; `nth` counts requests from 1. */
export async function serve(behave: Behaviour): Promise<TestServer> {
  const received: Received[] = [];
  let connections = 0;
  const server = createServer((req, res) => {
    const chunks: Buffer[] = [];
    req.on('data', (chunk: Buffer) => chunks.push(chunk));
    req.on('error', () => undefined);
    req.on('end', () => {
      const { method = '', url = '', headers } = req;
      const request = { method, url, headers, body: Buffer.concat(chunks).toString() };
      received.push(request);
      behave(res, request, received.length);
    });
  });
  server.on('connection', () => (connections += 1));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // A TCP server's address is never a text.
  const { port } = server.address() as AddressInfo;
  const handle: TestServer = {
    url: `http://127.0.0.1:${port}`,
    received,
    connections: () => connections,
    close: () => {
      running.delete(handle);
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
  running.add(handle);
  return handle;
}

export const closeServers = async (): Promise<void> => {
  await Promise.all([...running].map((server) => server.close()));
};

/** A whole JSON reply. */
export const json =
  (body: unknown, status = 200, headers: Record<string, string> = {}): Behaviour =>
  (res) => {
    res.writeHead(status, { 'content-type': 'application/json', ...headers });
    res.end(JSON.stringify(body));
  };

/** A whole reply, as given. */
export const raw =
  (body: string | Buffer, status = 200, headers: Record<string, string> = {}): Behaviour =>
  (res) => {
    res.writeHead(status, { 'content-type': 'application/json', ...headers });
    res.end(body);
  };

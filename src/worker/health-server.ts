import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { RowmillError } from '../errors.ts';

export interface HealthServer {
  url: string;
  close(): Promise<void>;
}

export interface HealthServerOptions {
  host: string;
  /** 0: any free one. */
  port: number;
  /** Reports whether the process works; `false` asks for a restart. */
  live: () => boolean;
  ready: () => Promise<{ ready: boolean }>;
  metrics: { contentType: string; text: () => Promise<string> };
}

type Answer = { status: number; type: string; body: string };

const json = (status: number, body: object): Answer => ({
  status,
  type: 'application/json',
  body: `${JSON.stringify(body)}\n`,
});

/**
 * Serves `/live`, `/ready` and `/metrics` to the operator of the worker.
 * @throws RowmillError `port_in_use`
 */
export async function startHealthServer(options: HealthServerOptions): Promise<HealthServer> {
  const { host, port, live, ready, metrics } = options;
  const routes: Readonly<Record<string, () => Promise<Answer> | Answer>> = {
    '/live': () => json(live() ? 200 : 503, { live: live() }),
    '/ready': async () => {
      const report = await ready();
      return json(report.ready ? 200 : 503, report);
    },
    '/metrics': async () => ({
      status: 200,
      type: metrics.contentType,
      body: await metrics.text(),
    }),
  };
  const answer = async (method: string, path: string): Promise<Answer> => {
    const route = Object.hasOwn(routes, path) ? routes[path] : undefined;
    if (route === undefined) return json(404, { paths: Object.keys(routes) });
    if (method !== 'GET' && method !== 'HEAD') return json(405, { methods: ['GET', 'HEAD'] });
    return route();
  };
  const server = createServer((request, response) => {
    const path = (request.url ?? '/').replace(/\?.*$/s, '');
    request.resume();
    answer(request.method ?? 'GET', path).then(
      (found) => send(response, found),
      () => send(response, json(500, { error: 'see the log' })),
    );
  });
  server.listen({ host, port, exclusive: true });
  try {
    await once(server, 'listening');
  } catch (cause) {
    throw notListening(host, port, cause);
  }
  const address = server.address();
  const bound = typeof address === 'object' && address !== null ? address.port : port;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${bound}`,
    close: async () => {
      if (!server.listening) return;
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

function send(response: ServerResponse, { status, type, body }: Answer): void {
  response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' }).end(body);
}

function notListening(host: string, port: number, cause: unknown): RowmillError {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown error';
  const what = code === 'EADDRINUSE' ? 'is in use' : `cannot be used (${code})`;
  return new RowmillError('port_in_use', `port ${port} for health and metrics ${what}`, {
    where: host,
    remedy: 'Choose another with --health-port (0: any free one) or ROWMILL_HEALTH_PORT.',
    cause,
  });
}

import type { ServerResponse } from 'node:http';
import { serve, type Received } from '../http/server.ts';

/** Trouble of one request on its way. */
export type Trouble =
  /** The server answers so, and does nothing. The body repeats every header of the request. */
  | { status: number; headers?: Record<string, string> }
  /** The request is carried out, but the connection breaks before the reply. */
  | 'lost reply'
  /** Neither carried out nor answered. */
  | 'silence';

/** The network between a provider and its server: what goes over it, and what goes wrong. */
export interface Wire {
  url: string;
  readonly received: readonly Received[];
  /** Troubles the next request that reads, or that changes something. */
  trouble(kind: 'read' | 'change', trouble: Trouble, times?: number): void;
  /** Ends all trouble. */
  calm(): void;
}

const HOP_BY_HOP = ['connection', 'host', 'content-length', 'keep-alive', 'transfer-encoding'];

/** Sends the same request to a server behind this one. */
export function passOn(
  target: string,
  { method, url, headers, body }: Received,
): Promise<Response> {
  const kept = Object.entries(headers).filter(([name]) => !HOP_BY_HOP.includes(name));
  return fetch(target + url, {
    method,
    headers: Object.fromEntries(kept.map(([name, value]) => [name, String(value)])),
    ...(body === '' ? {} : { body }),
  });
}

export async function openWire(target: string): Promise<Wire> {
  let planned: { kind: 'read' | 'change'; trouble: Trouble; left: number } | null = null;
  const pass = async (res: ServerResponse, received: Received) => {
    const { method, headers } = received;
    const kind = method === 'GET' ? 'read' : 'change';
    const trouble = planned?.kind === kind && planned.left > 0 ? planned.trouble : null;
    if (trouble !== null && planned !== null) planned.left -= 1;
    if (trouble === 'silence') return;
    if (typeof trouble === 'object' && trouble !== null) {
      res.writeHead(trouble.status, { 'content-type': 'application/json', ...trouble.headers });
      res.end(JSON.stringify({ detail: `refused: ${JSON.stringify(headers)}` }));
      return;
    }
    const reply = await passOn(target, received);
    const text = await reply.text();
    if (trouble === 'lost reply') {
      res.socket?.resetAndDestroy();
      return;
    }
    res.writeHead(reply.status, { 'content-type': reply.headers.get('content-type') ?? '' });
    res.end(text);
  };
  const server = await serve((res, received) => {
    pass(res, received).catch(() => res.destroy());
  });
  return {
    url: server.url,
    received: server.received,
    trouble: (kind, trouble, times = 1) => (planned = { kind, trouble, left: times }),
    calm: () => (planned = null),
  };
}

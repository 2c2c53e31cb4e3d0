import { EnvHttpProxyAgent, Pool, type Dispatcher } from 'undici';
import { isLoopback } from './base-url.ts';
import type { Proxy } from './proxy.ts';

export interface ConnectionLimits {
  /** Time for TCP and TLS. */
  connectTimeoutMs: number;
  /** Time from the request to the head of the reply. */
  headersTimeoutMs: number;
  /** Time between two pieces of the body. */
  bodyTimeoutMs: number;
  connections: number;
}

/** Creates connections to one host; those to this machine never use the proxy. */
export function createDispatcher(
  { origin, protocol, hostname }: URL,
  limits: ConnectionLimits,
  proxy: Proxy | null,
): Dispatcher {
  const options = {
    connections: limits.connections,
    pipelining: 1,
    // One request at a time per connection, so that it is certain what was sent and may be paid.
    allowH2: false,
    connect: { timeout: limits.connectTimeoutMs },
    headersTimeout: limits.headersTimeoutMs,
    bodyTimeout: limits.bodyTimeoutMs,
  };
  if (proxy === null || protocol !== 'https:' || isLoopback(hostname))
    return new Pool(origin, options);
  const { url: httpsProxy, except: noProxy } = proxy;
  return new EnvHttpProxyAgent({ ...options, httpProxy: '', httpsProxy, noProxy });
}

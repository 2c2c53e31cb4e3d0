import { EnvHttpProxyAgent, Pool, type Dispatcher } from 'undici';
import { RowmillError } from '../errors.ts';
import { isLoopback } from './base-url.ts';

/** Proxy of this network, as environment variables name it. */
export interface Proxy {
  /** `http://…` or `https://…`, maybe with a user and a password. */
  url: string;
  /** Hosts reached without it, as in `NO_PROXY`. */
  except: string;
}

export interface ConnectionLimits {
  /** Time for TCP and TLS. */
  connectTimeoutMs: number;
  /** Time from the request to the head of the reply. */
  headersTimeoutMs: number;
  /** Time between two pieces of the body. */
  bodyTimeoutMs: number;
  connections: number;
}

/**
 * Reads `https_proxy`, `HTTPS_PROXY` and `NO_PROXY`. @throws RowmillError `usage` for an invalid
 * URL
 */
export function proxyOf(env: NodeJS.ProcessEnv): Proxy | null {
  const variable = env['https_proxy'] === undefined ? 'HTTPS_PROXY' : 'https_proxy';
  const url = env[variable]?.trim() ?? '';
  if (url === '') return null;
  // Never quoted: it may contain a password.
  if (!/^https?:\/\//i.test(url) || !URL.canParse(url)) {
    throw new RowmillError(
      'usage',
      `${variable} is not a URL that begins with http:// or https://`,
      {
        remedy: `Set ${variable} to something like http://proxy.example:3128, or leave it out.`,
      },
    );
  }
  return { url, except: env['no_proxy'] ?? env['NO_PROXY'] ?? '' };
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

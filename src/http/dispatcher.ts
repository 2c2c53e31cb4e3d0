import { EnvHttpProxyAgent, Pool, type Dispatcher } from 'undici';
import { RowmillError } from '../errors.ts';
import { isLoopback } from './base-url.ts';

/** The way out of this network, as the environment of most programs names it. */
export interface Proxy {
  /** `http://…` or `https://…`, maybe with a user and a password. */
  url: string;
  /** Hosts that are reached without it, as in `NO_PROXY`. */
  except: string;
}

export interface ConnectionLimits {
  /** TCP and TLS. */
  connectTimeoutMs: number;
  /** From the request to the head of the reply. */
  headersTimeoutMs: number;
  /** Between two pieces of the body. */
  bodyTimeoutMs: number;
  connections: number;
}

/** `https_proxy`, `HTTPS_PROXY` and `NO_PROXY`. @throws RowmillError `usage` for what is no URL */
export function proxyOf(env: NodeJS.ProcessEnv): Proxy | null {
  const variable = env['https_proxy'] === undefined ? 'HTTPS_PROXY' : 'https_proxy';
  const url = env[variable]?.trim() ?? '';
  if (url === '') return null;
  // Never quoted: it may hold a password.
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

/** Connections to one host; what stays on this machine never takes the proxy. */
export function createDispatcher(
  { origin, protocol, hostname }: URL,
  limits: ConnectionLimits,
  proxy: Proxy | null,
): Dispatcher {
  const options = {
    connections: limits.connections,
    pipelining: 1,
    // One request at a time on a connection: what was sent, and may be paid, is certain.
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

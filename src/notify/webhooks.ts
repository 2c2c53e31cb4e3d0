import type { Webhook } from 'standardwebhooks';
import { Pool, ProxyAgent, type Dispatcher } from 'undici';
import type { RunFinished } from '../contract/run.ts';
import { RowmillError } from '../errors.ts';
import { proxyOf, type Proxy } from '../http/proxy.ts';
import { sendOnce } from '../http/exchange.ts';
import { allowsPrivate, signerFor, type Env } from './deliverable.ts';
import { guardedLookup } from './guarded-lookup.ts';

export interface Delivery {
  url: string;
  /** Id that stays equal across retries, by which receivers detect repeats. */
  id: string;
  secretEnv: string;
  body: RunFinished;
  signal: AbortSignal;
}

/** Sender of webhooks with the secrets and rules of one environment. */
export interface Webhooks {
  /** @throws RowmillError `webhook_failed` (retryable), `webhook_refused` (not) */
  send(delivery: Delivery): Promise<void>;
}

const CONNECT_MS = 5_000;
const TOTAL_MS = 15_000;
/** Maximum bytes of a body, far above any summary, and of a reply that is read. */
const MAX_BODY_BYTES = 256 * 1024;
const MAX_REPLY_BYTES = 64 * 1024;

export function createWebhooks(env: Env): Webhooks {
  const allowPrivate = allowsPrivate(env);
  return {
    async send(delivery) {
      const url = new URL(delivery.url);
      const where = `POST ${withoutQuery(url)}`;
      const headers = signedHeaders(delivery, signerFor(delivery, env));
      await post(url, headers, JSON.stringify(delivery.body), {
        where,
        allowPrivate,
        signal: delivery.signal,
        proxy: proxyOf({ ...env }),
      });
    },
  };
}

/** Formats a URL without its query, which may contain a token. */
const withoutQuery = (url: URL): string => `${url.origin}${url.pathname}`;

function signedHeaders({ id, body }: Delivery, signer: Webhook): Record<string, string> {
  const text = JSON.stringify(body);
  const now = new Date();
  if (Buffer.byteLength(text) > MAX_BODY_BYTES) {
    throw new RowmillError('webhook_refused', `the message is over ${MAX_BODY_BYTES} bytes`);
  }
  return {
    'content-type': 'application/json',
    'user-agent': 'rowmill',
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(now.getTime() / 1_000)),
    'webhook-signature': signer.sign(id, now, text),
  };
}

interface Way {
  where: string;
  allowPrivate: boolean;
  signal: AbortSignal;
  proxy: Proxy | null;
}

/**
 * Chooses the connection. With a proxy, the proxy resolves the name and decides where it may lead.
 */
function wayOut(url: URL, allowPrivate: boolean, proxy: Proxy | null): Dispatcher {
  if (proxy !== null && url.protocol === 'https:' && !goesAround(url, proxy)) {
    return new ProxyAgent({
      uri: proxy.url,
      connections: 1,
      connectTimeout: CONNECT_MS,
      allowH2: false,
    });
  }
  return new Pool(url.origin, {
    connections: 1,
    allowH2: false,
    connect: { timeout: CONNECT_MS, ...(allowPrivate ? {} : { lookup: guardedLookup }) },
  });
}

/**
 * Checks for an exception as in `NO_PROXY`: hosts and their parent domains, separated by commas or
 * spaces; `*`: all.
 */
const goesAround = ({ hostname }: URL, { except }: Proxy): boolean =>
  except
    .toLowerCase()
    .split(/[\s,]+/)
    .map((entry) => entry.replace(/^\*?\./, '').replace(/:\d+$/, ''))
    .some(
      (entry) =>
        entry === '*' || entry === hostname || (entry !== '' && hostname.endsWith(`.${entry}`)),
    );

async function post(
  url: URL,
  headers: Record<string, string>,
  body: string,
  { where, allowPrivate, signal, proxy }: Way,
): Promise<void> {
  // A separate connection, so that nothing of one receiver remains for the next.
  const pool = wayOut(url, allowPrivate, proxy);
  try {
    const reply = await sendOnce(pool, {
      origin: url.origin,
      method: 'POST',
      path: `${url.pathname}${url.search}`,
      headers,
      body,
      signal,
      totalTimeoutMs: TOTAL_MS,
      maxBodyBytes: MAX_REPLY_BYTES,
      onSent: () => undefined,
    });
    if (reply.kind === 'failed') throw brokenBy(reply.error, where);
    judge(reply.status, where);
  } finally {
    await pool.destroy();
  }
}

function brokenBy(error: Error, where: string): RowmillError {
  if (error instanceof RowmillError) {
    return new RowmillError(error.code, error.what, { where, remedy: error.remedy });
  }
  const code = 'code' in error && typeof error.code === 'string' ? ` (${error.code})` : '';
  return new RowmillError('webhook_failed', `no answer${code}`, { where, cause: error });
}

function judge(status: number, where: string): void {
  if (status >= 200 && status < 300) return;
  if (status >= 300 && status < 400) {
    throw new RowmillError('webhook_refused', `answered ${status}: redirects are not followed`, {
      where,
      remedy: 'Give the address that it leads to in the pipeline file.',
    });
  }
  if (status === 410) {
    throw new RowmillError('webhook_refused', 'answered 410: it is gone', {
      where,
      remedy: 'Take it out of the pipeline file.',
    });
  }
  throw new RowmillError('webhook_failed', `answered ${status}`, { where });
}

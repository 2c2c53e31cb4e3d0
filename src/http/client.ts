import type { Json } from '../contract/json.ts';
import { parseBaseUrl } from './base-url.ts';
import { decode } from './decode.ts';
import { createDispatcher, type Proxy } from './dispatcher.ts';
import { ERROR_BODY_BYTES, sendOnce } from './exchange.ts';
import type { Incoming } from './exchange.ts';
import { failedFailure, incompleteFailure, statusFailure, unreadableFailure } from './failures.ts';
import type { RequestContext } from './failures.ts';
import { parseJson } from './json.ts';
import { createLimiter } from './limiter.ts';
import type { Limiter } from './limiter.ts';
import { truncate, singleLine } from './reason.ts';
import { codeOf, redactorOf } from './redaction.ts';

export interface HttpClientOptions {
  /** https, or http on this machine; a path prefix is allowed. */
  baseUrl: string;
  /** Authentication; asked for at each request. Every value is kept out of all texts. */
  headers: () => Record<string, string>;
  /** The environment variable that it comes from: named where it is refused. */
  tokenVariable?: string;
  /** @default rowmill */
  userAgent?: string;
  /** TCP and TLS. @default 10_000 */
  connectTimeoutMs?: number;
  /** From the request to the head of the reply. @default 60_000 */
  headersTimeoutMs?: number;
  /** Between two pieces of the body. @default 30_000 */
  bodyTimeoutMs?: number;
  /** One request with its whole reply, so that a dribbling body ends. @default 120_000 */
  totalTimeoutMs?: number;
  /** @default 64 MiB */
  maxBodyBytes?: number;
  /**
   * At most. Below the requests per second times the seconds that a reply takes, requests would wait
   * for a connection after the rate limit has let them go, and leave in bursts. @default 256
   */
  connections?: number;
  /** The way to an https API. @default straight */
  proxy?: Proxy | null;
  /** Shared by all clients of one token. @default 10 requests/s */
  limiter?: Limiter;
  /** After every request, with the status of its reply. */
  onResponse?: (response: HttpResponse) => void;
}

export interface HttpResponse {
  route: string;
  /** `null`: none came back. */
  status: number | null;
  /** From the moment the request went out, or was meant to. */
  ms: number;
  /** How long the rate limit held it back before. */
  rateLimitedMs: number;
}

export interface HttpRequest {
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** From the base URL on, parts already encoded. */
  path: string;
  /** Template for counting: `POST /v1/tables/{id}/rows`. */
  route: string;
  query?: Record<string, string | number | readonly string[]>;
  body?: Json;
  signal?: AbortSignal;
  /** Called for each request that goes out. */
  onRequest?: (route: string) => void;
  /** Safe to send twice: it changes nothing. */
  repeatable: boolean;
}

export interface HttpReply {
  status: number;
  headers: Record<string, string>;
  /** `null` where the reply has no body. */
  json: unknown;
  /** An error about this reply, for readers of its content: `reply_unreadable`. */
  unreadable: (what: string) => Error;
}

export interface HttpClient {
  /**
   * Sends one request. Throws `RowmillError` (codes of "The provider's API", money and credentials;
   * `ambiguous` when something other than a GET may have been carried out), or the reason of the
   * signal as it is.
   */
  request(request: HttpRequest): Promise<HttpReply>;
  /** Breaks what is under way. Idle connections never keep the process alive. */
  close(): Promise<void>;
}

/** A client of one JSON API. Throws `base_url_invalid`. */
export function createHttpClient(options: HttpClientOptions): HttpClient {
  const baseUrl = parseBaseUrl(options.baseUrl);
  const prefix = baseUrl.pathname === '/' ? '' : baseUrl.pathname;
  const limiter = options.limiter ?? createLimiter();
  const maxBodyBytes = options.maxBodyBytes ?? 64 * 1024 * 1024;
  const limits = {
    connections: options.connections ?? 256,
    connectTimeoutMs: options.connectTimeoutMs ?? 10_000,
    headersTimeoutMs: options.headersTimeoutMs ?? 60_000,
    bodyTimeoutMs: options.bodyTimeoutMs ?? 30_000,
  };
  const dispatcher = createDispatcher(baseUrl, limits, options.proxy ?? null);

  const send = async (request: HttpRequest, auth: Record<string, string>): Promise<Incoming> => {
    const { method, body, signal } = request;
    const wantedAtMs = performance.now();
    await limiter.take(signal);
    const letGoAtMs = performance.now();
    let sentAtMs = letGoAtMs;
    const incoming = await sendOnce(dispatcher, {
      origin: baseUrl.origin,
      method,
      path: prefix + request.path + queryOf(request.query),
      headers: {
        accept: 'application/json',
        // A compressed reply may grow beyond the limit after all of it has come.
        'accept-encoding': 'identity',
        'user-agent': options.userAgent ?? 'rowmill',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...auth,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal === undefined ? {} : { signal }),
      totalTimeoutMs: options.totalTimeoutMs ?? 120_000,
      maxBodyBytes,
      onSent: () => {
        sentAtMs = performance.now();
        request.onRequest?.(request.route);
      },
    });
    options.onResponse?.({
      route: request.route,
      status: incoming.kind === 'reply' ? incoming.status : null,
      ms: performance.now() - sentAtMs,
      rateLimitedMs: letGoAtMs - wantedAtMs,
    });
    return incoming;
  };

  return {
    async request(request) {
      const auth = options.headers();
      const place: RequestContext = {
        where: `${request.method} ${prefix}${request.path}`,
        mutates: request.method !== 'GET',
        redact: redactorOf(auth),
        tokenVariable: options.tokenVariable,
      };
      let incoming = await send(request, auth);
      // The only repeat in here: a server may close a kept-alive connection in the moment a request
      // leaves on it. All other repeats are decided where it is known what a repeat costs: in
      // activities and Temporal's retry policies.
      if (request.repeatable && wasReset(incoming)) incoming = await send(request, auth);
      if (incoming.kind === 'broken') throw failedFailure(place, incoming.sent, incoming.error);
      if (incoming.status >= 300) {
        const failure = statusFailure(place, decoded(incoming, ERROR_BODY_BYTES));
        if (incoming.status === 429) {
          if (failure.retryAfterMs === null) limiter.slowDown();
          else limiter.blockFor(failure.retryAfterMs);
        }
        throw failure;
      }
      return readReply(place, incoming, maxBodyBytes);
    },
    close: () => dispatcher.destroy(),
  };
}

const wasReset = (incoming: Incoming): boolean =>
  incoming.kind === 'broken' &&
  incoming.sent &&
  ['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET'].includes(codeOf(incoming.error) ?? '');

type Reply = Incoming & { kind: 'reply' };

/** The page of an error is only quoted: one that cannot be decoded counts as empty. */
function decoded(reply: Reply, maxBytes: number): Reply {
  const plain = decode(reply.body, reply.headers['content-encoding'] ?? '', maxBytes);
  return { ...reply, body: plain.kind === 'plain' ? plain.body : Buffer.alloc(0) };
}

function readReply(place: RequestContext, reply: Reply, maxBytes: number): HttpReply {
  const { status, headers } = reply;
  const unreadable = (what: string): Error => unreadableFailure(place, headers, what);
  const show = (text: string): string => truncate(place.redact(singleLine(text)));
  if (reply.cut !== null) throw incompleteFailure(place, reply);
  const encoding = headers['content-encoding'] ?? '';
  const plain = decode(reply.body, encoding, maxBytes);
  if (plain.kind === 'too large')
    throw incompleteFailure(place, { ...reply, cut: { why: 'too large' } });
  if (plain.kind !== 'plain') {
    const how = plain.kind === 'broken' ? 'that is broken' : 'which was not asked for';
    throw unreadable(`answered ${status} in the encoding ${show(encoding)}, ${how}`);
  }
  const { body } = plain;
  if (body.length === 0) return { status, headers, json: null, unreadable };
  // What JSON is called differs; a page for people is none, whatever is on it.
  const type = headers['content-type'] ?? '';
  const odd = type !== '' && !/^[^;]*[/+]json\s*(;|$)/i.test(type);
  const instead = (): Error => unreadable(`answered ${status} with ${show(type)} instead of JSON`);
  if (odd && /html/i.test(type)) throw instead();
  try {
    return { status, headers, json: parseJson(body.toString('utf8')), unreadable };
  } catch {
    if (odd) throw instead();
    throw unreadable(
      `answered ${status} with broken, cut or endlessly nested JSON (${body.length} bytes)`,
    );
  }
}

function queryOf(query: HttpRequest['query'] = {}): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    for (const each of Array.isArray(value) ? value : [value]) params.append(name, String(each));
  }
  return params.size === 0 ? '' : `?${params.toString()}`;
}

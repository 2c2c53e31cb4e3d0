import type { Json } from '../contract/json.ts';
import { fence } from '../fence.ts';
import { parseBaseUrl } from './base-url.ts';
import { decode } from './decode.ts';
import { createDispatcher } from './dispatcher.ts';
import { ERROR_BODY_BYTES, sendOnce } from './exchange.ts';
import type { Incoming } from './exchange.ts';
import { failedFailure, incompleteFailure, statusFailure, unreadableFailure } from './failures.ts';
import type { RequestContext } from './failures.ts';
import { parseJson } from '../contract/parse-json.ts';
import { createLimiter } from './limiter.ts';
import type { Limiter } from './limiter.ts';
import type { PaceReading } from './pace.ts';
import type { Proxy } from './proxy.ts';
import { codeOf, redactorOf } from './redaction.ts';
import { retryAfterMs } from './retry-after.ts';
import { singleLine, truncate } from './sanitize.ts';

export interface HttpClientOptions {
  /** https, or http on this machine; a path prefix is allowed. */
  baseUrl: string;
  /** Returns the authentication headers for each request. Their values never appear in texts. */
  headers: () => Record<string, string>;
  /** Environment variable of the token, named when the token is refused. */
  tokenVariable?: string;
  /** @default rowmill */
  userAgent?: string;
  /** Time for TCP and TLS. @default 10_000 */
  connectTimeoutMs?: number;
  /** Time from the request to the head of the reply. @default 60_000 */
  headersTimeoutMs?: number;
  /** Time between two pieces of the body. @default 30_000 */
  bodyTimeoutMs?: number;
  /** Time for one request with its whole reply, so that a slow body ends. @default 120_000 */
  totalTimeoutMs?: number;
  /** Maximum bytes of a reply. @default 64 MiB */
  maxBodyBytes?: number;
  /**
   * Maximum connections. Below rate × reply time, requests would wait for a connection after the
   * rate limit admitted them, and leave in bursts. @default 256
   */
  connections?: number;
  /** Proxy to an https API. @default none */
  proxy?: Proxy | null;
  /** Rate limiter, shared by all clients of one token. @default one that learns the pace */
  limiter?: Limiter;
  /** Called after every request, with the status of its reply. */
  onResponse?: (response: HttpResponse) => void;
}

export interface HttpResponse {
  route: string;
  /** Status; `null` without a reply. */
  status: number | null;
  /** Time since the request was sent, or was due to be. */
  ms: number;
  /** Time it waited for the rate limit before. */
  rateLimitedMs: number;
  /** Pace after this response: requests a second that this process may send. */
  perSecond: number;
}

export interface HttpRequest {
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** Path below the base URL, with its parts encoded. */
  path: string;
  /** Template for counting: `POST /v1/tables/{id}/rows`. */
  route: string;
  query?: Record<string, string | number | readonly string[]>;
  body?: Json;
  signal?: AbortSignal;
  /** Called for each request that is sent. */
  onRequest?: (route: string) => void;
  /** True if sending twice is safe, because it changes nothing. */
  repeatable: boolean;
  /** Sent although the provider asked for a long pause. @default false */
  duringPause?: boolean;
  /** The request is a poll, needed within this time, ms: it goes after work. */
  pollWithinMs?: number;
}

export interface HttpReply {
  status: number;
  headers: Record<string, string>;
  /** Parsed JSON; `null` if the reply has no body. */
  json: unknown;
  /** Creates an error about the content of this reply: `reply_unreadable`. */
  unreadable: (what: string) => Error;
}

export interface HttpClient {
  /**
   * Sends one request. Throws `RowmillError` (codes of "The provider's API", money and
   * credentials), or the reason of the signal, unwrapped. `ambiguous` on it means that a request
   * other than GET may have been carried out.
   */
  request(request: HttpRequest): Promise<HttpReply>;
  /** Aborts requests in progress. Idle connections never keep the process alive. */
  close(): Promise<void>;
}

/** Creates a client of one JSON API. Throws `base_url_invalid`. */
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
    const { method, body, signal, duringPause = false, pollWithinMs } = request;
    const wantedAtMs = performance.now();
    const used = await limiter.take(signal, {
      duringPause,
      ...(pollWithinMs === undefined ? {} : { pollWithinMs }),
    });
    const admittedAtMs = performance.now();
    let sentAtMs = admittedAtMs;
    const outgoing = {
      origin: baseUrl.origin,
      method,
      path: prefix + request.path + queryOf(request.query),
      headers: {
        accept: 'application/json',
        // Uncompressed, because a compressed reply may exceed the limit after all of it has
        // arrived.
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
    };
    const at = fence();
    const incoming =
      method === 'GET'
        ? await sendOnce(dispatcher, outgoing)
        : await at.change((closing) =>
            sendOnce(dispatcher, outgoing, { closing, isOpen: at.isOpen }),
          );
    const repliedAtMs = performance.now();
    limiter.learn({
      route: request.route,
      sentAtMs,
      atMs: repliedAtMs,
      end: endOf(incoming),
      used,
    });
    options.onResponse?.({
      route: request.route,
      status: incoming.kind === 'reply' ? incoming.status : null,
      ms: repliedAtMs - sentAtMs,
      rateLimitedMs: admittedAtMs - wantedAtMs,
      perSecond: limiter.perSecond,
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
      // Only retry in here: a server may close a kept-alive connection just when a request is sent
      // on it. All others are decided in activities and Temporal's retry policies, where the cost
      // of a repeat is known.
      if (request.repeatable && wasReset(incoming)) incoming = await send(request, auth);
      if (incoming.kind === 'failed') throw failedFailure(place, incoming.sent, incoming.error);
      if (incoming.status >= 300) {
        const failure = statusFailure(place, decoded(incoming, ERROR_BODY_BYTES));
        if (incoming.status === 429 && failure.retryAfterMs !== null) {
          limiter.blockFor(failure.retryAfterMs);
        }
        throw failure;
      }
      return readReply(place, incoming, maxBodyBytes);
    },
    close: () => dispatcher.destroy(),
  };
}

/** Returns what the reply shows about the pace. */
function endOf(incoming: Incoming): PaceReading['end'] {
  if (incoming.kind === 'failed') return 'failed';
  const { status, headers } = incoming;
  const isRefused = status === 429 || (status === 503 && retryAfterMs(headers) !== null);
  if (isRefused) return 'refused';
  return status >= 500 ? 'failed' : 'answered';
}

const wasReset = (incoming: Incoming): boolean =>
  incoming.kind === 'failed' &&
  incoming.sent &&
  ['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET'].includes(codeOf(incoming.error) ?? '');

type Reply = Incoming & { kind: 'reply' };

/** Decodes a reply. An error page that cannot be decoded counts as empty: it is only quoted. */
function decoded(reply: Reply, maxBytes: number): Reply {
  const plain = decode(reply.body, reply.headers['content-encoding'] ?? '', maxBytes);
  return { ...reply, body: plain.kind === 'plain' ? plain.body : Buffer.alloc(0) };
}

function readReply(place: RequestContext, reply: Reply, maxBytes: number): HttpReply {
  const { status, headers } = reply;
  const unreadable = (what: string): Error => unreadableFailure(place, headers, what);
  const show = (text: string): string => truncate(place.redact(singleLine(text)));
  if (reply.incomplete !== null) throw incompleteFailure(place, reply);
  const encoding = headers['content-encoding'] ?? '';
  const plain = decode(reply.body, encoding, maxBytes);
  if (plain.kind === 'too large')
    throw incompleteFailure(place, { ...reply, incomplete: { why: 'too large' } });
  if (plain.kind !== 'plain') {
    const how = plain.kind === 'invalid' ? 'that is broken' : 'which was not asked for';
    throw unreadable(`answered ${status} in the encoding ${show(encoding)}, ${how}`);
  }
  const { body } = plain;
  if (body.length === 0) return { status, headers, json: null, unreadable };
  // JSON has several content types; HTML is never JSON.
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

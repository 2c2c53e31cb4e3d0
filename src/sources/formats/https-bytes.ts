import type { Dispatcher } from 'undici';
import { RowmillError } from '../../errors.ts';
import { connectionTo } from '../../outbound/connection.ts';
import {
  outboundRules,
  refuseUnsafe,
  withoutQuery,
  type OutboundRules,
} from '../../outbound/rules.ts';
import { unreadable } from './bytes.ts';

/** Variable that allows private addresses and plain http. */
export const ALLOW_PRIVATE_ROWS = 'ROWMILL_ROWS_ALLOW_PRIVATE';

export interface HttpsLimits {
  /** @default 1 GiB */
  maxBytes?: number;
}

const MAX_BYTES = 2 ** 30;
const MAX_REDIRECTS = 5;
const HEADERS_WITHIN_MS = 60_000;
/** Longest pause within a body. */
const PAUSE_MS = 60_000;
const TOTAL_MS = 30 * 60_000;

const REDIRECTS = [301, 302, 303, 307, 308];

/**
 * Reads the bytes behind an address. Each redirect is checked like the address itself.
 * @throws RowmillError `source_not_found`, `source_unreadable`, or `source_unreachable` where a later
 * attempt may succeed
 */
export async function* httpsBytes(
  address: string,
  env: Readonly<Record<string, string | undefined>>,
  { maxBytes = MAX_BYTES }: HttpsLimits = {},
): AsyncGenerator<Buffer> {
  const signal = AbortSignal.timeout(TOTAL_MS);
  let url = new URL(address);
  for (let hops = 0; hops <= MAX_REDIRECTS; hops += 1) {
    const where = `GET ${withoutQuery(url)}`;
    const rules = rulesOf(env, where);
    refuseUnsafe(url, rules);
    const connection = connectionTo(url, rules);
    try {
      const reply = await connection.request({
        origin: url.origin,
        path: `${url.pathname}${url.search}`,
        method: 'GET',
        headers: { 'user-agent': 'rowmill', accept: '*/*', 'accept-encoding': 'identity' },
        headersTimeout: HEADERS_WITHIN_MS,
        bodyTimeout: PAUSE_MS,
        signal,
      });
      const next = redirectOf(reply, url, where);
      if (next === null) {
        refuseReply(reply, where, maxBytes);
        yield* limited(reply.body, where, maxBytes);
        return;
      }
      url = next;
    } catch (error) {
      throw brokenBy(error, where);
    } finally {
      await connection.destroy();
    }
  }
  throw new RowmillError('source_not_found', `redirected more than ${MAX_REDIRECTS} times`, {
    where: `GET ${withoutQuery(new URL(address))}`,
    remedy: 'Write the last address into `rows.from`.',
  });
}

const rulesOf = (env: Readonly<Record<string, string | undefined>>, where: string): OutboundRules =>
  outboundRules(env, {
    variable: ALLOW_PRIVATE_ROWS,
    refused: (what, remedy) => new RowmillError('source_not_found', what, { where, remedy }),
  });

function redirectOf(reply: Dispatcher.ResponseData, url: URL, where: string): URL | null {
  if (!REDIRECTS.includes(reply.statusCode)) return null;
  const { location } = reply.headers;
  if (typeof location === 'string' && URL.canParse(location, url.href))
    return new URL(location, url);
  throw new RowmillError('source_not_found', `answered ${reply.statusCode} without an address`, {
    where,
  });
}

function refuseReply(
  { statusCode, headers }: Dispatcher.ResponseData,
  where: string,
  maxBytes: number,
): void {
  if (statusCode !== 200) {
    const passes = statusCode === 429 || statusCode >= 500;
    throw new RowmillError(
      passes ? 'source_unreachable' : 'source_not_found',
      `answered ${statusCode}`,
      { where, remedy: REMEDY },
    );
  }
  const encoding = headers['content-encoding'] ?? 'identity';
  if (encoding !== 'identity')
    throw unreadable(`answered in the encoding ${String(encoding)}`, where);
  if (Number(headers['content-length'] ?? 0) > maxBytes) throw tooLarge(where, maxBytes);
}

const REMEDY =
  'Open the address in a private window: it must give the list without a sign-in. Of a Google sheet that is its CSV link, https://docs.google.com/spreadsheets/d/ID/export?format=csv, shared with anyone who has the link.';

async function* limited(
  body: AsyncIterable<Buffer>,
  where: string,
  maxBytes: number,
): AsyncGenerator<Buffer> {
  let bytes = 0;
  for await (const piece of body) {
    bytes += piece.length;
    if (bytes > maxBytes) throw tooLarge(where, maxBytes);
    yield piece;
  }
}

const tooLarge = (where: string, maxBytes: number): RowmillError =>
  unreadable(`more than ${maxBytes / 2 ** 20} MiB`, where);

function brokenBy(error: unknown, where: string): unknown {
  if (error instanceof RowmillError) return error;
  const code =
    error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null;
  const isTimeout = error instanceof Error && error.name === 'TimeoutError';
  if (code === null && !isTimeout) return error;
  return new RowmillError('source_unreachable', `no whole answer (${code ?? 'time-out'})`, {
    where,
    remedy: 'Check the address and the network; the step is tried again.',
    cause: error,
  });
}

import { setTimeout as sleep } from 'node:timers/promises';
import type { Json } from '../contract/json.ts';
import { RowmillError } from '../errors.ts';
import type { HttpClient, HttpRequest } from '../http/client.ts';
import type { CallContext } from './provider.ts';

export interface LiveReply {
  json: Json;
  /** Content type without its parameters; empty without the header. */
  type: string;
}

export type LiveCall = (
  ctx: CallContext,
  method: HttpRequest['method'],
  path: string,
  more?: { query?: Record<string, string | number>; body?: Json },
) => Promise<LiveReply>;

const READS = 3;

/** Creates a function whose replies are returned unparsed. Repeats only `GET`. */
export const liveCalls =
  (http: HttpClient, pollMs: number): LiveCall =>
  async (ctx, method, path, { query, body } = {}) => {
    for (let read = 1; ; read += 1) {
      try {
        const reply = await http.request({
          method,
          path,
          route: `${method} ${path.replace(/[0-9a-f-]{32,}/gi, '{id}')}`,
          ...(query === undefined ? {} : { query }),
          ...(body === undefined ? {} : { body }),
          ...(ctx.signal === undefined ? {} : { signal: ctx.signal }),
          repeatable: method === 'GET',
        });
        const type = (reply.headers['content-type'] ?? '').replace(/\s*;.*/, '').toLowerCase();
        // Safe cast: the JSON parser produced the value.
        return { json: (reply.json ?? null) as Json, type };
      } catch (error) {
        const again = error instanceof RowmillError && error.retryable && method === 'GET';
        if (!again || read >= READS || error.code === 'reply_unreadable') throw error;
        await sleep(pollMs, undefined, ctx.signal === undefined ? {} : { signal: ctx.signal });
      }
    }
  };

/** Polls until `look` returns a value; `null` after the time limit. */
export async function within<T>(
  ctx: CallContext,
  { pollMs, waitMs }: { pollMs: number; waitMs: number },
  look: () => Promise<T | null>,
): Promise<{ value: T; afterMs: number } | null> {
  const startedMs = performance.now();
  for (;;) {
    const value = await look();
    const afterMs = performance.now() - startedMs;
    if (value !== null) return { value, afterMs };
    if (afterMs >= waitMs) return null;
    await sleep(pollMs, undefined, ctx.signal === undefined ? {} : { signal: ctx.signal });
  }
}

export const isRefusal = (error: unknown): error is RowmillError =>
  error instanceof RowmillError &&
  ['request_refused', 'request_too_large', 'reply_unreadable'].includes(error.code);

/** Formats a duration rounded, so that the text does not vary by seconds. */
export const seconds = (ms: number): string =>
  ms < 1_000 ? 'less than 1 s' : `${Math.round(ms / 1_000)} s`;

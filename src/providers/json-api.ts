import { z } from 'zod';
import type { Json } from '../contract/json.ts';
import type { HttpClient, HttpRequest, HttpClientOptions } from '../http/client.ts';
import { RowmillError } from '../errors.ts';
import type { CallContext } from './provider.ts';
import type { ProviderSpec } from './provider-spec.ts';

/** Request to a JSON API. */
export interface ApiCall {
  method: HttpRequest['method'];
  /** Template with `{name}` for each of `ids`, under which requests are counted. */
  path: string;
  ids?: Record<string, string>;
  query?: NonNullable<HttpRequest['query']>;
  body?: Json;
}

export type CallApi = <Schema extends z.ZodType>(
  schema: Schema,
  ctx: CallContext,
  call: ApiCall,
) => Promise<z.output<Schema>>;

/**
 * Creates a function that sends a call and parses its reply by a schema. Repeats only `GET`. Throws
 * the client's errors, and `reply_unreadable` for a reply of another shape.
 */
export const apiCalls =
  (http: HttpClient): CallApi =>
  async (schema, ctx, { method, path, ids = {}, query, body }) => {
    const send = () =>
      http.request({
        method,
        path: path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(ids[name] ?? '')),
        route: `${method} ${path}`,
        ...(query === undefined ? {} : { query }),
        ...(body === undefined ? {} : { body }),
        ...(ctx.signal === undefined ? {} : { signal: ctx.signal }),
        ...(ctx.onRequest === undefined ? {} : { onRequest: ctx.onRequest }),
        repeatable: method === 'GET',
        ...(ctx.duringPause === true && method === 'GET' ? { duringPause: true } : {}),
        ...(ctx.pollWithinMs === undefined ? {} : { pollWithinMs: ctx.pollWithinMs }),
      });
    const read = async () => {
      const reply = await send();
      const parsed = schema.safeParse(reply.json);
      if (parsed.success) return parsed.data;
      if (reply.json === null) throw reply.unreadable(`answered ${reply.status} without a body`);
      const [issue] = parsed.error.issues;
      const at =
        issue === undefined ? '' : `: ${issue.path.join('.') || 'reply'}: ${issue.message}`;
      throw reply.unreadable(`answered ${reply.status} in an undocumented shape${at}`);
    };
    const repeat = method === 'GET' ? ctx.repeatRead : ctx.repeatUnsent;
    return repeat === undefined ? read() : repeat(read);
  };

/** Returns `null` if the object of the request does not exist (any more). */
export async function nullIfGone<Reply>(request: Promise<Reply>): Promise<Reply | null> {
  try {
    return await request;
  } catch (error) {
    if (!(error instanceof RowmillError) || error.code !== 'not_found') throw error;
    return null;
  }
}

/** Treats a deletion of a missing object as done. */
export async function goneIsDeleted(deletion: Promise<unknown>): Promise<void> {
  await nullIfGone(deletion);
}

/**
 * Id of a provider, which becomes part of paths, Temporal's history and search attributes. Must be
 * short, without characters that break a path and without U+FFFD, the parser's mark for half a
 * character. Long numbers arrive as text and keep each digit.
 */
export const Id = z
  .union([
    z.string().regex(/^(?!\.{1,2}$)[^\p{Cc}\p{Cs}\p{Zl}\p{Zp}\uFFFD]{1,255}$/u, 'not an id'),
    z.int().nonnegative(),
  ])
  .transform(String);

/** Address, token and limits of a provider, from the environment. */
export type ConnectionOptions = Omit<HttpClientOptions, 'headers'> & {
  token: string;
  /** Limits found by a check of the live API, lower than the documented ones. */
  limits?: ProviderSpec['limits'];
};

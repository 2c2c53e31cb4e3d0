import { z } from 'zod';
import type { Json } from '../contract/json.ts';
import type { HttpClient, HttpRequest, HttpClientOptions } from '../http/client.ts';
import { RowmillError } from '../errors.ts';
import type { CallContext } from './provider.ts';
import type { ProviderSpec } from './provider-spec.ts';

/** One request to a JSON API. */
export interface ApiCall {
  method: HttpRequest['method'];
  /** With `{name}` for each of `ids`; as it stands it is what requests are counted under. */
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
 * Sends a call and reads its reply by a schema. Only `GET` is repeated.
 * Throws what the client throws, and `reply_unreadable` for a reply of another shape.
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

/** `null` when what the request was about is not there (any more). */
export async function nullIfGone<Reply>(request: Promise<Reply>): Promise<Reply | null> {
  try {
    return await request;
  } catch (error) {
    if (!(error instanceof RowmillError) || error.code !== 'not_found') throw error;
    return null;
  }
}

/** A deletion that finds nothing left to delete has done its work. */
export async function goneIsDeleted(deletion: Promise<unknown>): Promise<void> {
  await nullIfGone(deletion);
}

/**
 * Ids stand in paths, in Temporal's history and in its search attributes: short, and without what
 * no path can carry; U+FFFD stands where the parser found half a character. Numbers keep each digit:
 * long ones come as text.
 */
export const Id = z
  .union([
    z.string().regex(/^(?!\.{1,2}$)[^\p{Cc}\p{Cs}\p{Zl}\p{Zp}\uFFFD]{1,255}$/u, 'not an id'),
    z.int().nonnegative(),
  ])
  .transform(String);

/** How a provider is reached, as the environment says. */
export type ConnectionOptions = Omit<HttpClientOptions, 'headers'> & {
  token: string;
  /** Lower ones than the documented, where a check of the live API has found them. */
  limits?: ProviderSpec['limits'];
};

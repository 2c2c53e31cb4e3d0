import type { z } from 'zod';
import type { Json } from '../contract/json.ts';
import type { HttpClient, HttpRequest } from '../http/client.ts';
import type { CallContext } from './provider.ts';

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

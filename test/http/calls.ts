import { createHttpClient } from '../../src/http/client.ts';
import type { HttpClient, HttpClientOptions, HttpReply } from '../../src/http/client.ts';
import { createLimiter } from '../../src/http/limiter.ts';
import { RowmillError } from '../../src/errors.ts';
import { serve } from './server.ts';
import type { Behaviour, TestServer } from './server.ts';

export const TOKEN = 'tok-5f0c3b-SECRET';

export const clientOf = (baseUrl: string, options: Partial<HttpClientOptions> = {}): HttpClient =>
  createHttpClient({
    baseUrl,
    headers: () => ({ authorization: `Bearer ${TOKEN}` }),
    limiter: createLimiter({ ratePerSecond: 1000 }),
    ...options,
  });

export const get = (client: HttpClient, signal?: AbortSignal): Promise<HttpReply> =>
  client.request({
    method: 'GET',
    path: '/v1/tables/t1',
    route: 'GET /v1/tables/{id}',
    repeatable: true,
    ...(signal === undefined ? {} : { signal }),
  });

export const post = (client: HttpClient, signal?: AbortSignal): Promise<HttpReply> =>
  client.request({
    method: 'POST',
    path: '/v1/tables',
    route: 'POST /v1/tables',
    body: { name: 'a' },
    repeatable: false,
    ...(signal === undefined ? {} : { signal }),
  });

/** The RowmillError a promise is rejected with. */
export async function failureOf(promise: Promise<unknown>): Promise<RowmillError> {
  const error: unknown = await promise.then(
    () => new Error('it was not rejected'),
    (reason: unknown) => reason,
  );
  if (error instanceof RowmillError) return error;
  throw error;
}

export interface Failures {
  get: RowmillError;
  post: RowmillError;
  server: TestServer;
}

/** Returns the failures of a GET and a POST for one behaviour of the server. */
export async function failuresOf(
  behave: Behaviour,
  options: Partial<HttpClientOptions> = {},
): Promise<Failures> {
  const server = await serve(behave);
  const client = clientOf(server.url, options);
  return { get: await failureOf(get(client)), post: await failureOf(post(client)), server };
}

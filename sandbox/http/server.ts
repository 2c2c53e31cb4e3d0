import { setTimeout as sleep } from 'node:timers/promises';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { Api } from '../api.ts';
import { APIS } from '../apis.ts';
import type { LedgerReport } from '../engine/ledger-report.ts';
import type { SandboxCore } from '../engine/core.ts';
import { bytesOf } from './encoding.ts';
import { slowBody } from '../faults/slow-body.ts';
import { authorize } from './auth.ts';
import type { Action, Intercept, Outgoing, Seen } from './intercept.ts';
import { ownRoutes } from './admin-routes.ts';
import { invalid, Problem } from './problem.ts';
import type { Route } from './route.ts';
import type { Tokens } from '../settings.ts';

const BODY_LIMIT_BYTES = 64 * 2 ** 20;

export interface ServerOptions {
  core: SandboxCore;
  report: LedgerReport;
  token: Tokens;
  intercept?: Intercept | undefined;
}

/** Puts the API on HTTP: token, hook, handler, hook, reply; in this order for every request. */
export function createServer({ core, report, token, intercept }: ServerOptions): FastifyInstance {
  const app = fastify({
    bodyLimit: BODY_LIMIT_BYTES,
    forceCloseConnections: true,
    exposeHeadRoutes: false,
  });
  // Bodies are parsed by hand: FastAPI answers malformed JSON with 422, not 400.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => {
    done(null, body);
  });
  app.setNotFoundHandler((_request, reply) => reply.code(404).send({ detail: 'Not Found' }));
  app.setErrorHandler((error: { statusCode?: number; message: string }, _request, reply) =>
    reply.code(error.statusCode ?? 500).send({ detail: error.message }),
  );
  const letIn = authorize(token);
  const closing = new AbortController();
  app.addHook('onClose', () => closing.abort());
  let serial = 0;

  const answer = (route: Route, api: Api | null, request: FastifyRequest): Outgoing => {
    const refusal = api?.adapter.refusal ?? plainly;
    try {
      letIn(request.headers, route, api);
      const { status = 200, body, headers } = route.handle(core, callOf(request));
      return outgoing(status, body, headers);
    } catch (error) {
      if (error instanceof Problem) {
        return outgoing(error.status, refusal(error), error.headers);
      }
      throw error;
    }
  };

  const add = (route: Route, api: Api, hook: Intercept | undefined): void => {
    const name = `${route.method} ${route.url}`;
    let nth = 0;
    app.route({
      method: route.method,
      url: route.url,
      handler: async (request, reply) => {
        const count = (status: number | 'cut'): void => {
          core.state.ledger.countRequest(name, status);
        };
        if (hook === undefined) {
          const result = answer(route, api, request);
          count(result.status);
          return send(reply, result);
        }
        serial += 1;
        nth += 1;
        const seen = { ...seenOf(request, reply, route), serial, nth };
        const first = await hook({ ...seen, phase: 'before', reply: null });
        if (first !== undefined) {
          if (first.do === 'late') {
            void sleep(first.afterMs, undefined, { ref: false, signal: closing.signal }).then(
              () => answer(route, api, request),
              () => undefined,
            );
          }
          count(statusOf(first, 'cut'));
          return act(reply, first, null, closing.signal);
        }
        const result = answer(route, api, request);
        const second = await hook({ ...seen, phase: 'after', reply: result });
        count(statusOf(second, result.status));
        return second === undefined
          ? send(reply, result)
          : act(reply, second, result, closing.signal);
      },
    });
  };
  for (const api of APIS) {
    for (const route of api.routes) add(route, api, intercept);
  }
  for (const route of ownRoutes(report)) {
    app.route({
      method: route.method,
      url: route.url,
      handler: (request, reply) => send(reply, answer(route, null, request)),
    });
  }
  return app;
}

const plainly = ({ detail }: Problem): object => ({ detail });

/** Returns the status that the client received. */
function statusOf(action: Action | undefined, otherwise: number | 'cut'): number | 'cut' {
  if (action?.do === 'reply') return action.status;
  if (action?.do === 'slow-body') return action.of.status;
  if (action?.do === 'late' && action.then !== 'reset') return action.then.status;
  return action === undefined ? otherwise : 'cut';
}

function act(
  reply: FastifyReply,
  action: Action,
  result: Outgoing | null,
  closing: AbortSignal,
): FastifyReply {
  switch (action.do) {
    case 'reply':
      return send(reply, action);
    case 'late':
      return action.then === 'reset' ? cut(reply) : send(reply, action.then);
    case 'truncate': {
      const whole = action.of ?? result;
      return whole === null ? cut(reply) : cutAfter(reply, whole, action.bytes);
    }
    case 'slow-body':
      reply.hijack();
      slowBody(reply.raw, action.of, action.pace, closing).catch(() => reply.raw.destroy());
      return reply;
    case 'reset':
      return cut(reply);
    case 'taken':
      return reply.hijack();
  }
}

function cut(reply: FastifyReply): FastifyReply {
  reply.hijack();
  reply.raw.socket?.resetAndDestroy();
  return reply;
}

function cutAfter(reply: FastifyReply, result: Outgoing, bytes: number): FastifyReply {
  reply.hijack();
  const body = bytesOf(result);
  reply.raw.writeHead(result.status, { ...result.headers, 'content-length': body.length });
  reply.raw.flushHeaders();
  reply.raw.write(body.subarray(0, bytes), () => reply.raw.socket?.destroy());
  return reply;
}

const send = (reply: FastifyReply, outgoing: Outgoing): FastifyReply =>
  reply
    .code(outgoing.status)
    .headers(outgoing.headers)
    .send(outgoing.encoding === undefined ? outgoing.body : bytesOf(outgoing));

const outgoing = (
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): Outgoing => ({
  status,
  headers: { 'content-type': 'application/json', ...headers },
  body: body === undefined ? '' : JSON.stringify(body),
});

interface Parsed {
  params: Record<string, string>;
  query: unknown;
  body: () => unknown;
}

const callOf = (request: FastifyRequest): Parsed => ({
  params: paramsOf(request),
  query: request.query,
  body: () => parsedBody(request),
});

// Every placeholder of our routes is a string.
const paramsOf = ({ params }: FastifyRequest): Record<string, string> =>
  params as Record<string, string>;

function parsedBody({ body, headers }: FastifyRequest): unknown {
  if (typeof body !== 'string' || body === '') return undefined;
  if (!/\bjson\b/i.test(headers['content-type'] ?? '')) {
    throw invalid(['body'], 'Input should be a valid dictionary', 'model_attributes_type');
  }
  try {
    return JSON.parse(body);
  } catch {
    throw invalid(['body', 0], 'JSON decode error', 'json_invalid');
  }
}

function seenOf(
  request: FastifyRequest,
  reply: FastifyReply,
  { method, url }: Route,
): Omit<Seen, 'phase' | 'reply' | 'serial' | 'nth'> {
  let body: unknown;
  try {
    body = parsedBody(request);
  } catch {
    body = request.body;
  }
  return { method, route: url, url: request.url, params: paramsOf(request), body, raw: reply.raw };
}

import { randomUUID } from 'node:crypto';
import accepts from '@fastify/accepts';
import rateLimit from '@fastify/rate-limit';
import fastify, {
  LogController,
  type FastifyBaseLogger,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify';
import { validatorCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod';
import { RowmillError } from '../errors.ts';
import { admitCallers } from './callers.ts';
import type { App, Gateway } from './gateway.ts';
import { refuseOtherMethods } from './methods.ts';
import { describeApi } from './openapi.ts';
import { errorOfRequest, PROBLEM_TYPE, problemOf, statusOf } from './problem.ts';
import { addActions } from './routes/actions.ts';
import { addAdjust } from './routes/adjust.ts';
import { addEvents } from './routes/events.ts';
import { addHealth } from './routes/health.ts';
import { addResults } from './routes/results.ts';
import { addRuns } from './routes/runs.ts';
import { addScheduleActions } from './routes/schedule-actions.ts';
import { addSchedules } from './routes/schedules.ts';
import type { GatewaySettings } from './settings.ts';

type Limits = Pick<GatewaySettings, 'tokens' | 'bodyLimit' | 'rate'>;

const ROUTES = [
  ...[addRuns, addActions, addAdjust, addEvents, addResults],
  ...[addSchedules, addScheduleActions, addHealth],
];

/** A minute for a body to arrive: a slow sender must not hold a socket for ever. */
const BODY_WITHIN_MS = 60_000;

/** The HTTP API over its parts; listens when it is told to. */
export async function createApp(
  gateway: Gateway,
  limits: Limits,
  log: FastifyBaseLogger,
): Promise<App> {
  const app: App = fastify({
    loggerInstance: log,
    // One line a request, below; never headers, bodies or queries.
    logController: new LogController({
      disableRequestLogging: true,
      requestIdLogLabel: 'requestId',
    }),
    bodyLimit: limits.bodyLimit,
    requestTimeout: BODY_WITHIN_MS,
    forceCloseConnections: 'idle',
    routerOptions: { maxParamLength: 3_100 },
    genReqId: ({ headers }) => ownOrNew(headers['x-request-id']),
  }).withTypeProvider<ZodTypeProvider>();
  // JSON only. What a browser's form can send needs no permission of the page's origin.
  app.removeContentTypeParser('text/plain');
  app.setValidatorCompiler(validatorCompiler);
  // Answers are our own objects: schemas describe them, and take nothing away.
  app.setSerializerCompiler(() => (data) => JSON.stringify(data));
  logRequests(app);
  letGo(app, gateway.closing);
  app.setErrorHandler(answerProblem);
  app.setNotFoundHandler(({ url }) => {
    const path = url.replace(/\?.*$/s, '').slice(0, 200);
    throw new RowmillError('http_not_found', 'there is no such path', { where: path });
  });
  admitCallers(app, limits.tokens);
  await app.register(accepts);
  await app.register(rateLimit, {
    max: limits.rate,
    timeWindow: '1 minute',
    keyGenerator: ({ caller, ip }) => `${caller} ${ip}`,
    allowList: ({ routeOptions }) => routeOptions.config.open === true,
    errorResponseBuilder: (_request, { max, after }) =>
      new RowmillError('http_rate_limited', `more than ${max} requests a minute; wait ${after}`),
  });
  const allowed = refuseOtherMethods(app);
  await describeApi(app);
  await app.register((routes: App, _options, done) => {
    for (const add of ROUTES) add(routes, gateway);
    allowed(routes);
    done();
  });
  return app;
}

/** A caller's own id is kept, so that its log and ours can be read together. */
const ownOrNew = (header: string | string[] | undefined): string =>
  typeof header === 'string' && /^[\w.:-]{1,128}$/.test(header) ? header : randomUUID();

function logRequests(app: App): void {
  app.addHook('onRequest', ({ id }, reply, done) => {
    reply.header('x-request-id', id);
    reply.header('x-content-type-options', 'nosniff');
    reply.header('cache-control', 'no-store');
    done();
  });
  app.addHook('onResponse', (request, { statusCode, elapsedTime }, done) => {
    const { method, url, caller } = request;
    const path = url.replace(/\?.*$/s, '').slice(0, 500);
    const ms = Math.round(elapsedTime);
    request.log.info({ method, path, status: statusCode, ms, caller }, 'request');
    done();
  });
}

/**
 * Connections are kept for the next request; once the process ends there is none. Fastify closes
 * those that are idle then, not those that become so.
 */
function letGo(app: App, closing: AbortSignal): void {
  app.addHook('onResponse', ({ raw }, _reply, done) => {
    if (closing.aborted) raw.socket.destroySoon();
    done();
  });
}

function answerProblem(thrown: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const error = errorOfRequest(thrown);
  const { code, message } = error;
  const status = statusOf(code);
  if (status >= 500) {
    const stack = code === 'internal' && thrown instanceof Error ? thrown.stack : undefined;
    request.log.error({ code, error: message, stack }, 'request failed');
  }
  if (status === 401) reply.header('www-authenticate', 'Bearer realm="rowmill"');
  if (status === 503) reply.header('retry-after', '5');
  reply
    .code(status)
    .type(PROBLEM_TYPE)
    .send(JSON.stringify(problemOf(error, request.id)));
}

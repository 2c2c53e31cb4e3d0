import { randomUUID } from 'node:crypto';
import accepts from '@fastify/accepts';
import rateLimit from '@fastify/rate-limit';
import fastify, {
  LogController,
  type FastifyBaseLogger,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify';
import underPressure from '@fastify/under-pressure';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { RowmillError } from '../errors.ts';
import { challengeOf, requireToken, grantOf, recogniseCallers } from './auth.ts';
import { answerClientError } from './client-errors.ts';
import type { App, Gateway } from './gateway.ts';
import { limitBodies } from './body-limit.ts';
import { methodNotAllowed } from './method-not-allowed.ts';
import { describeApi } from './openapi.ts';
import { errorOfRequest, PROBLEM_TYPE, problemOf, statusOf } from './problem.ts';
import { validateSchemas, readJsonBodies } from './raw-body.ts';
import { addCodec } from './routes/codec.ts';
import { addActions, addAdjust } from './routes/actions.ts';
import { addEvents } from './routes/events.ts';
import { addHealth } from './routes/health.ts';
import { addResults } from './routes/results.ts';
import { addRuns } from './routes/runs.ts';
import { addScheduleActions } from './routes/schedule-actions.ts';
import { addSchedules } from './routes/schedules.ts';
import { addBudgets } from './routes/budgets.ts';
import { addPages } from './routes/pages.ts';
import { addSpend } from './routes/spend.ts';
import type { GatewaySettings } from './settings.ts';

type Limits = Pick<GatewaySettings, 'tokens' | 'bodyLimit' | 'rate'>;

const ROUTES = [
  ...[addRuns, addActions, addAdjust, addEvents, addResults, addSpend, addBudgets],
  ...[addSchedules, addScheduleActions, addCodec],
];

/** Maximum bytes of a body without a pipeline. */
const SMALL_BODY = 64 * 1024;

/** Event-loop delay above which new requests are rejected, in ms. */
const LATE_MS = 2_000;

/**
 * Maximum time for a body to arrive, so that a slow sender cannot keep a socket for ever, in ms.
 */
const BODY_WITHIN_MS = 60_000;

/** Builds the HTTP API from its parts; the caller starts it with `listen`. */
export async function createApp(
  gateway: Gateway,
  limits: Limits,
  log: FastifyBaseLogger,
): Promise<App> {
  const app: App = fastify({
    loggerInstance: log,
    // Logs one line per request, below; never headers, bodies or queries.
    logController: new LogController({
      disableRequestLogging: true,
      requestIdLogLabel: 'requestId',
    }),
    bodyLimit: Math.min(limits.bodyLimit, SMALL_BODY),
    requestTimeout: BODY_WITHIN_MS,
    frameworkErrors: answerProblem(gateway),
    clientErrorHandler: answerClientError,
    forceCloseConnections: 'idle',
    routerOptions: { maxParamLength: 3_100 },
    genReqId: ({ headers }) => ownOrNew(headers['x-request-id']),
  }).withTypeProvider<ZodTypeProvider>();
  readJsonBodies(app);
  app.setValidatorCompiler(validateSchemas);
  // Sends objects unfiltered: schemas only document the responses.
  app.setSerializerCompiler(() => (data) => JSON.stringify(data));
  logRequests(app);
  closeIdleAfterDrain(app, gateway.closing);
  app.setErrorHandler(answerProblem(gateway));
  recogniseCallers(app, limits.tokens);
  await app.register(accepts);
  await app.register(rateLimit, {
    max: limits.rate,
    timeWindow: '1 minute',
    // Counts all token guesses of one address together.
    keyGenerator: ({ caller, ip }) => `${caller} ${ip}`,
    allowList: ({ routeOptions }) => routeOptions.config.unlimited === true,
    errorResponseBuilder: (_request, { max, after }) =>
      new RowmillError('http_rate_limited', `more than ${max} requests a minute; wait ${after}`),
  });
  app.setNotFoundHandler({ preHandler: app.rateLimit() }, (request) => {
    grantOf(request);
    const path = request.url.replace(/\?.*$/s, '').slice(0, 200);
    throw new RowmillError('http_not_found', 'there is no such path', { where: path });
  });
  const allowed = methodNotAllowed(app);
  await describeApi(app);
  await app.register(async (routes: App) => {
    addHealth(routes, gateway);
    await routes.register(async (others: App) => {
      requireToken(others, limits.tokens, gateway.origins);
      limitBodies(others, limits.bodyLimit);
      await others.register(underPressure, { maxEventLoopDelay: LATE_MS });
      for (const add of [...ROUTES, addPages(limits.tokens)]) add(others, gateway);
      allowed(others);
    });
  });
  return app;
}

/** Keeps a caller's own request id, so that its log can be matched with this one. */
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
 * Closes connections that become idle while the process ends; Fastify closes only those that are
 * idle already.
 */
function closeIdleAfterDrain(app: App, closing: AbortSignal): void {
  app.addHook('onResponse', ({ raw }, _reply, done) => {
    if (closing.aborted) raw.socket.destroySoon();
    done();
  });
}

const answerProblem =
  ({ hostPaths }: Gateway) =>
  (thrown: unknown, request: FastifyRequest, reply: FastifyReply): void => {
    const error = errorOfRequest(thrown);
    const { code, message } = error;
    const status = statusOf(code);
    if (status >= 500) {
      const stack = code === 'internal' && thrown instanceof Error ? thrown.stack : undefined;
      request.log.error({ code, error: message, stack }, 'request failed');
    }
    if (status === 401) reply.header('www-authenticate', challengeOf(request));
    if (status === 503) reply.header('retry-after', '5');
    reply
      .code(status)
      .type(PROBLEM_TYPE)
      .send(JSON.stringify(hostPaths.hideIn(problemOf(error, request.id))));
  };

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import type { Readiness } from '../worker/readiness.ts';
import type { Door } from './door.ts';
import type { Places } from './places.ts';

/** What the routes work with. */
export interface Gateway {
  door: Door;
  places: Places;
  readiness: Readiness;
  /** Aborted when the process is asked to end: what lasts ends then. */
  closing: AbortSignal;
}

export type App = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  ZodTypeProvider
>;

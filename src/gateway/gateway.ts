import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import type { Readiness } from '../process/readiness.ts';
import type { Store } from '../store/store.ts';
import type { TemporalSession } from './temporal-session.ts';
import type { HostPaths } from './host-paths.ts';
import type { Renditions } from './renditions.ts';
import type { Judges } from './judging/judges.ts';

/** What the routes work with. */
export interface Gateway {
  temporal: TemporalSession;
  judges: Judges;
  /** Of the workers: results come from it. */
  store: Store;
  /** Absolute paths of this host, and what they are called in answers. */
  hostPaths: HostPaths;
  renditions: Renditions;
  /** Of a large body, in bytes. */
  bodyLimit: number;
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

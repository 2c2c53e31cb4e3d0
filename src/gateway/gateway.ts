import type { IncomingMessage, ServerResponse } from 'node:http';
import type { PayloadCodec } from '@temporalio/common';
import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import type { Readiness } from '../process/readiness.ts';
import type { Store } from '../store/store.ts';
import type { TemporalSession } from './temporal-session.ts';
import type { HostPaths } from './host-paths.ts';
import type { Renditions } from './renditions.ts';
import type { BodyValidator } from './validation/body-validator.ts';

/** Parts that the routes use. */
export interface Gateway {
  temporal: TemporalSession;
  validator: BodyValidator;
  /** Store of the workers, which has the results. */
  store: Store;
  /** Replacements for absolute paths of this host in answers. */
  hostPaths: HostPaths;
  renditions: Renditions;
  /** Maximum bytes of a large body. */
  bodyLimit: number;
  /** Codec of what Temporal holds, with the keys of the environment. */
  codec: PayloadCodec;
  /** Origins of the web pages that may use the codec. */
  origins: readonly string[];
  readiness: Readiness;
  /** Aborted when the process is asked to end; streaming responses end then. */
  closing: AbortSignal;
}

export type App = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  ZodTypeProvider
>;

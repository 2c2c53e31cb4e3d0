import type { FastifyRequest } from 'fastify';
import { RowmillError } from '../errors.ts';
import type { App } from './gateway.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** True if its body may be large and is checked in another thread. */
    large?: boolean;
  }
}

/** Maximum bytes of concurrent large bodies, beside one of the largest. */
const MAX_BYTES = 64 * 1024 * 1024;

/** Admits large bodies while there is room, and asks other callers to retry. */
export function limitBodies(app: App, bodyLimit: number): void {
  const max = Math.max(MAX_BYTES, bodyLimit);
  let bytes = 0;
  app.addHook('preParsing', (request, reply, _payload, done) => {
    if (request.routeOptions.config.large !== true) {
      done();
      return;
    }
    const own = announcedBytes(request, bodyLimit);
    if (bytes > 0 && bytes + own > max) {
      throw new RowmillError('http_overloaded', 'too many large bodies are in progress');
    }
    bytes += own;
    reply.raw.once('close', () => {
      bytes -= own;
    });
    done();
  });
}

/** Returns the declared length of a body; without one, the maximum. */
function announcedBytes({ headers }: FastifyRequest, bodyLimit: number): number {
  const declared = Number(headers['content-length'] ?? bodyLimit);
  return Number.isFinite(declared) ? Math.min(Math.max(declared, 0), bodyLimit) : bodyLimit;
}

import type { FastifyRequest, FastifySchemaCompiler } from 'fastify';
import { validatorCompiler } from 'fastify-type-provider-zod';
import type { z } from 'zod';
import { RowmillError } from '../errors.ts';
import type { App } from './gateway.ts';
import { startBody } from './schemas/requests.ts';
import { scheduleBody } from './schemas/schedules.ts';

/**
 * Parses only JSON: a browser's form can send other types without the page's origin being allowed.
 * Large bodies stay bytes, which another thread parses and checks.
 */
export function readJsonBodies(app: App): void {
  app.removeContentTypeParser(['text/plain', 'application/json']);
  const parse = app.getDefaultJsonParser('error', 'error');
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    const { headers, routeOptions } = request;
    const bytes = typeof body === 'string' ? Buffer.from(body) : body;
    if (headers['content-encoding'] !== undefined) {
      done(
        new RowmillError('http_media_type', 'the body is compressed, or encoded in another way', {
          where: 'headers/content-encoding',
          remedy: 'Send plain JSON in UTF-8, without Content-Encoding.',
        }),
      );
    } else if (routeOptions.config.large === true) done(null, bytes);
    else void parse(request, bytes.toString('utf8'), done);
  });
}

/** Schemas of bodies that a thread checks; here they only document. */
const CHECKED_IN_THREAD: ReadonlySet<unknown> = new Set([startBody, scheduleBody]);

export const validateSchemas: FastifySchemaCompiler<z.ZodType> = (part) =>
  CHECKED_IN_THREAD.has(part.schema) ? (value: unknown) => ({ value }) : validatorCompiler(part);

/**
 * Returns the bytes for the thread. A large body is not copied; a small one may share its memory
 * with others.
 */
export function bodyBytes({ body }: Pick<FastifyRequest, 'body'>): Uint8Array<ArrayBuffer> {
  if (!(body instanceof Uint8Array)) {
    throw new RowmillError('http_bad_request', 'there is no body', { where: 'body' });
  }
  const { buffer, byteLength } = body;
  const isWhole = buffer instanceof ArrayBuffer && buffer.byteLength === byteLength;
  return isWhole ? new Uint8Array(buffer) : new Uint8Array(body);
}

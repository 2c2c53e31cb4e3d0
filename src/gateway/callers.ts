import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { RowmillError } from '../errors.ts';
import type { App } from './gateway.ts';
import { isLoopback } from './settings.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Everybody may ask, and as often as they like. */
    open?: boolean;
  }
  interface FastifyRequest {
    /** Who asks, for the log and the rate limit: the beginning of the token's digest. */
    caller: string;
  }
}

/** Without tokens there is one caller: this machine. */
const LOCAL = 'local';

const digestOf = (token: string): Buffer => createHash('sha256').update(token).digest();

/** Lets in who has a token, and says nothing of the others but that they have none. */
export function admitCallers(app: App, tokens: readonly string[]): void {
  const known = tokens.map(digestOf);
  app.decorateRequest('caller', LOCAL);
  app.addHook('onRequest', (request, _reply, done) => {
    if (request.routeOptions.config.open !== true) {
      if (known.length === 0) refuseStrangers(request);
      else request.caller = callerOf(request, known);
    }
    done();
  });
}

/** Digests are compared, all of them, in constant time: nothing tells how near a guess came. */
function callerOf({ headers }: FastifyRequest, known: readonly Buffer[]): string {
  const [, token = ''] = /^Bearer +([\x21-\x7e]+)$/i.exec(headers.authorization ?? '') ?? [];
  const digest = digestOf(token);
  const matches = known.filter((candidate) => timingSafeEqual(candidate, digest));
  if (token !== '' && matches.length > 0) return digest.toString('hex').slice(0, 12);
  const what = headers.authorization === undefined ? 'no token' : 'not a token of this gateway';
  throw new RowmillError('http_unauthorized', what);
}

/** Any page in a browser on this machine can send requests here: those are not for us. */
function refuseStrangers({ headers }: FastifyRequest): void {
  const host = (headers.host ?? '').replace(/:\d+$/, '');
  if (headers.origin === undefined && isLoopback(host)) return;
  const what = headers.origin === undefined ? 'the host is not this machine' : 'a web page asks';
  throw new RowmillError('http_forbidden', what);
}

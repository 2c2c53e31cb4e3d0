import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { RowmillError } from '../errors.ts';
import type { App } from './gateway.ts';
import { isLoopback } from './settings.ts';
import { EVERYTHING, type Grant, type Scope, type Token } from './tokens.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Everybody may ask. */
    open?: boolean;
    /** And as often as they like. */
    unlimited?: boolean;
    /** What a token needs for it. */
    scope?: Scope;
  }
  interface FastifyRequest {
    /** Who asks, for the log and the rate limit: the beginning of the token's digest. */
    caller: string;
    /** What the caller may do; `null`: it has not shown a token that is known. */
    grant: Grant | null;
  }
}

/** Without tokens there is one caller: this machine. */
const LOCAL = 'local';
/** Whoever has no token: all of one address are counted together. */
const NON_LOCAL = 'stranger';

const digestOf = (token: string): Buffer => createHash('sha256').update(token).digest();

/** Who asks, before anything is counted or refused. */
export function recogniseCallers(app: App, tokens: readonly Token[]): void {
  const known = tokens.map((token) => ({ digest: digestOf(token.secret), token }));
  app.decorateRequest('caller', NON_LOCAL);
  app.decorateRequest('grant', null);
  app.addHook('onRequest', (request, _reply, done) => {
    if (known.length === 0) {
      request.caller = LOCAL;
      request.grant = EVERYTHING;
      done();
      return;
    }
    // Digests are compared, all of them, in constant time: nothing tells how near a guess came.
    const [, secret = ''] =
      /^Bearer +([\x21-\x7e]+)$/i.exec(request.headers.authorization ?? '') ?? [];
    const digest = digestOf(secret);
    const matches = known.filter((candidate) => timingSafeEqual(candidate.digest, digest));
    const [match] = matches;
    if (secret !== '' && match !== undefined) {
      request.caller = digest.toString('hex').slice(0, 12);
      request.grant = match.token;
    }
    done();
  });
}

/** Lets in who may ask for it, and says nothing of the others but that they may not. */
export function requireToken(app: App, tokens: readonly Token[]): void {
  // Behind the rate limit, whose hooks are `onRequest`: what is refused is counted.
  app.addHook('preParsing', (request, _reply, _payload, done) => {
    const { open, scope } = request.routeOptions.config;
    if (open !== true) {
      if (tokens.length === 0) rejectNonLocal(request);
      const grant = grantOf(request);
      if (scope !== undefined && !mayDo(grant, scope)) {
        throw new RowmillError('http_not_allowed', `the token has not the scope ${scope}`);
      }
    }
    done();
  });
}

/** @throws RowmillError `http_unauthorized` */
export function grantOf({ grant, headers }: FastifyRequest): Grant {
  if (grant !== null) return grant;
  const what = headers.authorization === undefined ? 'no token' : 'not a token of this gateway';
  throw new RowmillError('http_unauthorized', what);
}

/** Whether it may do so at all: whose runs it may approve is looked at once the run is known. */
const mayDo = ({ scopes }: Grant, scope: Scope): boolean =>
  scopes.has(scope) || (scope === 'approve' && scopes.has('approve-others'));

/** Any page in a browser on this machine can send requests here: those are not for us. */
function rejectNonLocal({ headers }: FastifyRequest): void {
  const host = (headers.host ?? '').replace(/:\d+$/, '');
  if (headers.origin === undefined && isLoopback(host)) return;
  const what = headers.origin === undefined ? 'the host is not this machine' : 'a web page asks';
  throw new RowmillError('http_forbidden', what);
}

/** Whose runs and schedules are seen; `undefined`: everybody's. */
export function ownerSeen(request: FastifyRequest): string | undefined {
  const { owner, runs } = grantOf(request);
  return runs === 'all' ? undefined : (owner ?? '');
}

import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { RowmillError } from '../errors.ts';
import type { App } from './gateway.ts';
import { tokenOfCookie } from './session-cookie.ts';
import { isLoopback } from './settings.ts';
import { EVERYTHING, type Grant, type Scope, type Token } from './tokens.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Needs no token. */
    open?: boolean;
    /** Page for a browser, which may send the token as a cookie. */
    page?: boolean;
    /** Exempt from the rate limit. */
    unlimited?: boolean;
    /** Scope that the token needs. */
    scope?: Scope;
    /** Web pages of allowed origins may call it; a browser may send the token as a password. */
    browser?: boolean;
  }
  interface FastifyRequest {
    /** Start of the token's digest, for the log and the rate limit. */
    caller: string;
    /** Grant of the token; `null` without a known token. */
    grant: Grant | null;
  }
}

/** Caller name without tokens: this machine. */
const LOCAL = 'local';
/** Caller name without a known token; all of one address are counted together. */
const NON_LOCAL = 'stranger';

const digestOf = (token: string): Buffer => createHash('sha256').update(token).digest();

/** Identifies the caller before anything is counted or refused. */
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
    // Compares all digests in constant time, so that timing does not reveal a near guess.
    const secret = secretOf(request);
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

/**
 * Returns the token of a request; empty without one. Only routes for browsers take it as a password: a
 * browser sends one with every request, also where another page has made it.
 */
function secretOf(request: FastifyRequest): string {
  const { headers, routeOptions } = request;
  // Pages that change nothing: another site's page cannot act with the cookie.
  if (headers.authorization === undefined && routeOptions.config.page === true) {
    return tokenOfCookie(request);
  }
  const given = headers.authorization ?? '';
  const [, bearer] = /^Bearer +([\x21-\x7e]+)$/i.exec(given) ?? [];
  if (bearer !== undefined || routeOptions.config.browser !== true) return bearer ?? '';
  const [, basic = ''] = /^Basic +([A-Za-z0-9+/=]+)$/i.exec(given) ?? [];
  const text = Buffer.from(basic, 'base64').toString('latin1');
  return text.slice(text.indexOf(':') + 1);
}

/** Returns how a caller without a token may send one. */
export const challengeOf = ({ routeOptions }: FastifyRequest): string =>
  `${routeOptions.config.browser === true ? 'Basic' : 'Bearer'} realm="rowmill"`;

/** Finds whether a text is a token of the gateway. */
export function isToken(text: string, tokens: readonly Token[]): boolean {
  const digest = digestOf(text);
  return tokens.filter(({ secret }) => timingSafeEqual(digestOf(secret), digest)).length > 0;
}

/**
 * Rejects callers without the required scope, and reveals nothing else.
 * @param origins Origins of the web pages that may call routes for browsers.
 */
export function requireToken(
  app: App,
  tokens: readonly Token[],
  origins: readonly string[] = [],
): void {
  // Runs behind the rate limit, whose hooks are `onRequest`: rejected requests count.
  app.addHook('preParsing', (request, _reply, _payload, done) => {
    const { open, scope, browser } = request.routeOptions.config;
    const { origin } = request.headers;
    const isKnownPage = browser === true && origin !== undefined && origins.includes(origin);
    if (browser === true && origin !== undefined && !isKnownPage) throw otherOrigin(origin);
    if (open !== true) {
      if (tokens.length === 0) rejectNonLocal(request, isKnownPage);
      const grant = grantOf(request);
      if (scope !== undefined && !mayDo(grant, scope)) {
        throw new RowmillError('http_not_allowed', `the token has not the scope ${scope}`);
      }
    }
    done();
  });
}

/** Returns the caller's grant. @throws RowmillError `http_unauthorized` */
export function grantOf({ grant, headers }: FastifyRequest): Grant {
  if (grant !== null) return grant;
  const what = headers.authorization === undefined ? 'no token' : 'not a token of this gateway';
  throw new RowmillError('http_unauthorized', what);
}

/** Checks the scope only; whose runs a token may approve is checked once the run is known. */
const mayDo = ({ scopes }: Grant, scope: Scope): boolean =>
  scopes.has(scope) || (scope === 'approve' && scopes.has('approve-others'));

const otherOrigin = (origin: string): RowmillError =>
  new RowmillError('http_forbidden', 'a web page of another origin asks', {
    where: origin.slice(0, 200),
    remedy: 'If it is your Temporal UI, name its origin in ROWMILL_GATEWAY_CODEC_ORIGINS.',
  });

/** Rejects browsers: any page in a browser on this machine can send requests here. */
function rejectNonLocal({ headers }: FastifyRequest, isKnownPage: boolean): void {
  const host = (headers.host ?? '').replace(/:\d+$/, '');
  const isPage = headers.origin !== undefined && !isKnownPage;
  if (!isPage && isLoopback(host)) return;
  const what = isPage ? 'a web page asks' : 'the host is not this machine';
  throw new RowmillError('http_forbidden', what);
}

/** Returns the owner whose runs and schedules the caller sees; `undefined`: all owners. */
export function ownerSeen(request: FastifyRequest): string | undefined {
  const { owner, runs } = grantOf(request);
  return runs === 'all' ? undefined : (owner ?? '');
}

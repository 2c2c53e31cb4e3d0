import { timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { Api, TokenIn } from '../api.ts';
import { Problem } from './problem.ts';
import type { Route } from './route.ts';
import type { Tokens } from '../settings.ts';

/** Lets a request in, or throws 401. The sandbox's own routes (`null`) take the token of any API. */
export type Gate = (headers: IncomingHttpHeaders, route: Route, api: Api | null) => void;

export function authorize(tokens: Tokens): Gate {
  const all = typeof tokens === 'string' ? [tokens] : Object.values(tokens);
  const wanted = (api: Api | null): string[] =>
    typeof tokens === 'string' || api === null ? all : [tokens[api.name] ?? []].flat();
  return (headers, { auth }, api) => {
    if (auth === 'none') return;
    const given = (api?.auth ?? bearerIn)(headers);
    if (given === undefined) throw refusal('Not authenticated');
    if (!wanted(api).some((token) => isSame(token, given))) {
      throw refusal('Invalid authentication credentials');
    }
  };
}

const refusal = (detail: string): Problem =>
  new Problem(401, detail, { 'www-authenticate': 'Bearer' });

/** `Authorization: Bearer`. */
export const bearerIn: TokenIn = ({ authorization }) =>
  /^Bearer (.+)$/i.exec(authorization ?? '')?.[1];

/** Reads the token from a header, named in lower case. */
export const headerIn =
  (name: string): TokenIn =>
  (headers) => {
    const token = headers[name];
    return typeof token === 'string' ? token : undefined;
  };

function isSame(token: string, given: string): boolean {
  const [a, b] = [Buffer.from(token), Buffer.from(given)];
  return a.length === b.length && timingSafeEqual(a, b);
}

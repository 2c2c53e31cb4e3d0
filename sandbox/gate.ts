import { timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { Problem } from './problem.ts';
import type { Route } from './route.ts';
import type { Tokens } from './settings.ts';

/** Which API wants its token so. */
const API_OF = { bearer: 'extruct', 'api-key': 'promptlayer' } as const;

/** Lets a request in, or throws 401. The sandbox's own routes take the token of any API. */
export function gate(tokens: Tokens): (headers: IncomingHttpHeaders, route: Route) => void {
  const all = typeof tokens === 'string' ? [tokens] : Object.values(tokens);
  const wanted = (auth: 'bearer' | 'api-key' | 'own'): string[] =>
    typeof tokens === 'string' || auth === 'own' ? all : [tokens[API_OF[auth]] ?? []].flat();
  return (headers, { auth = 'bearer' }) => {
    if (auth === 'none') return;
    const given = auth === 'api-key' ? keyIn(headers) : bearerIn(headers);
    if (given === undefined) throw refusal('Not authenticated');
    if (!wanted(auth).some((token) => isSame(token, given))) {
      throw refusal('Invalid authentication credentials');
    }
  };
}

const refusal = (detail: string): Problem =>
  new Problem(401, detail, { 'www-authenticate': 'Bearer' });

const bearerIn = ({ authorization }: IncomingHttpHeaders): string | undefined =>
  /^Bearer (.+)$/i.exec(authorization ?? '')?.[1];

function keyIn(headers: IncomingHttpHeaders): string | undefined {
  const key = headers['x-api-key'];
  return typeof key === 'string' ? key : undefined;
}

function isSame(token: string, given: string): boolean {
  const [a, b] = [Buffer.from(token), Buffer.from(given)];
  return a.length === b.length && timingSafeEqual(a, b);
}

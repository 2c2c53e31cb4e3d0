import type { FastifyRequest } from 'fastify';

/** Cookie with the token of a person who has signed in with a browser. */
const NAME = 'rowmill_token';
const LASTS_S = 12 * 3_600;

/** Reads the token of the cookie; an empty text without one. */
export function tokenOfCookie({ headers }: FastifyRequest): string {
  const [, value = ''] = new RegExp(`(?:^|; *)${NAME}=([^; ]*)`).exec(headers.cookie ?? '') ?? [];
  try {
    return decodeURIComponent(value);
  } catch {
    return '';
  }
}

/**
 * Builds the header that sets the cookie. Scripts cannot read it, and no other site's page sends it;
 * over https it goes over https only.
 */
export const cookieOf = (token: string, isHttps: boolean): string =>
  [
    `${NAME}=${encodeURIComponent(token)}`,
    'Path=/',
    'HttpOnly',
    'SameSite=Strict',
    `Max-Age=${token === '' ? 0 : LASTS_S}`,
    ...(isHttps ? ['Secure'] : []),
  ].join('; ');

import { RowmillError } from '../errors.ts';

/** Checks whether the host name of a URL is this machine. */
export const isLoopback = (hostname: string): boolean => LOOPBACK.test(hostname);

const LOOPBACK = /^(127\.\d+\.\d+\.\d+|\[::1\]|localhost)$/;

/**
 * Validates the address of an API before anything, above all a token, is sent to it. Requires
 * https, or http to this machine; no credentials, query or fragment. A path prefix is allowed.
 *
 * @returns the URL, its path without a final slash
 * @throws `base_url_invalid`, never quoting the whole text: it may be a misplaced token
 */
export function parseBaseUrl(text: string): URL {
  let url: URL;
  try {
    url = new URL(text.trim());
  } catch {
    throw new RowmillError('base_url_invalid', 'the base URL is not a URL');
  }
  const refuse = (problem: string): RowmillError =>
    new RowmillError('base_url_invalid', `the base URL (${url.protocol}//${url.host}) ${problem}`);

  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    throw new RowmillError('base_url_invalid', 'the base URL is neither https: nor http:');
  }
  if (url.username !== '' || url.password !== '') throw refuse('contains credentials');
  if (url.search !== '') throw refuse('has a query');
  if (url.hash !== '') throw refuse('has a fragment');
  if (url.protocol === 'http:' && !LOOPBACK.test(url.hostname)) {
    throw refuse('is plain http and not on this machine: the token would travel in the clear');
  }
  url.pathname = url.pathname.replace(/\/+$/, '');
  return url;
}

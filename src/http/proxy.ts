import { RowmillError } from '../errors.ts';

/** Proxy of this network, as environment variables name it. */
export interface Proxy {
  /** `http://…` or `https://…`, maybe with a user and a password. */
  url: string;
  /** Hosts reached without it, as in `NO_PROXY`. */
  except: string;
}

/**
 * Reads `https_proxy`, `HTTPS_PROXY` and `NO_PROXY`. @throws RowmillError `usage` for an invalid
 * URL
 */
export function proxyOf(env: NodeJS.ProcessEnv): Proxy | null {
  const variable = env['https_proxy'] === undefined ? 'HTTPS_PROXY' : 'https_proxy';
  const url = env[variable]?.trim() ?? '';
  if (url === '') return null;
  // Never quoted: it may contain a password.
  if (!/^https?:\/\//i.test(url) || !URL.canParse(url)) {
    throw new RowmillError(
      'usage',
      `${variable} is not a URL that begins with http:// or https://`,
      {
        remedy: `Set ${variable} to something like http://proxy.example:3128, or leave it out.`,
      },
    );
  }
  return { url, except: env['no_proxy'] ?? env['NO_PROXY'] ?? '' };
}

import { isIP } from 'node:net';
import type { RowmillError } from '../errors.ts';
import { proxyOf, type Proxy } from '../http/proxy.ts';
import { isPublic } from './addresses.ts';

/** Rules for addresses that a pipeline file names: the file may come from a caller. */
export interface OutboundRules {
  /** Variable of the operator that allows private addresses and plain http. */
  variable: string;
  allowPrivate: boolean;
  /** Proxy of this network; `null`: none. */
  proxy: Proxy | null;
  /** Builds the error of an address that is not allowed. */
  refused: (what: string, remedy: string) => RowmillError;
}

type Env = Readonly<Record<string, string | undefined>>;

/** Builds the rules of an environment. */
export const outboundRules = (
  env: Env,
  { variable, refused }: Pick<OutboundRules, 'variable' | 'refused'>,
): OutboundRules => ({
  variable,
  allowPrivate: allowsPrivate(env, variable),
  proxy: proxyOf({ ...env }),
  refused,
});

/** Checks whether a variable allows private addresses and plain http. */
export const allowsPrivate = (env: Env, variable: string): boolean =>
  /^(1|true|yes|on)$/i.test(env[variable]?.trim() ?? '');

/** Formats a URL without its query, which may contain a token. */
export const withoutQuery = (url: URL): string => `${url.origin}${url.pathname}`;

/**
 * Rejects an address that is not allowed, as far as it is known before its name is resolved.
 * @throws the error of the rules
 */
export function refuseUnsafe(url: URL, rules: OutboundRules): void {
  const { allowPrivate, variable, refused } = rules;
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (url.protocol !== 'https:' && !(allowPrivate && url.protocol === 'http:')) {
    throw refused('it is not https', `Use https; plain http goes with ${variable}=1 only.`);
  }
  // A host name is checked when it is resolved; an address is checked here.
  if (!allowPrivate && isIP(host) !== 0 && !isPublic(host)) throw blocked(host, rules);
}

/** Omits the address, which may reveal something about the worker's network. */
export const blocked = (hostname: string, { refused, variable }: OutboundRules): RowmillError =>
  refused(
    `${hostname} is an address of a private network`,
    `Use a public address, or set ${variable}=1 where the worker runs.`,
  );

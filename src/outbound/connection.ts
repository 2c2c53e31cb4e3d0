import { lookup } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { Pool, ProxyAgent, type Dispatcher } from 'undici';
import type { RowmillError } from '../errors.ts';
import type { Proxy } from '../http/proxy.ts';
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

const CONNECT_MS = 5_000;

/** Checks whether a variable allows private addresses and plain http. */
export const allowsPrivate = (
  env: Readonly<Record<string, string | undefined>>,
  variable: string,
): boolean => /^(1|true|yes|on)$/i.test(env[variable]?.trim() ?? '');

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

/**
 * Opens a connection to one origin, without a pool: nothing of one receiver remains for the next.
 * With a proxy, the proxy resolves the name and decides where it may lead.
 */
export function connectionTo(url: URL, rules: OutboundRules): Dispatcher {
  const { proxy, allowPrivate } = rules;
  if (proxy !== null && url.protocol === 'https:' && !goesAround(url, proxy)) {
    return new ProxyAgent({
      uri: proxy.url,
      connections: 1,
      connectTimeout: CONNECT_MS,
      allowH2: false,
    });
  }
  return new Pool(url.origin, {
    connections: 1,
    allowH2: false,
    connect: {
      timeout: CONNECT_MS,
      ...(allowPrivate ? {} : { lookup: guardedLookup(rules) }),
    },
  });
}

/** Omits the address, which may reveal something about the worker's network. */
const blocked = (hostname: string, { refused, variable }: OutboundRules): RowmillError =>
  refused(
    `${hostname} is an address of a private network`,
    `Use a public address, or set ${variable}=1 where the worker runs.`,
  );

/**
 * Resolves a name for one connection, to addresses that are allowed. The connection uses exactly
 * the checked address, so a later, different answer has no effect.
 */
const guardedLookup =
  (rules: OutboundRules): LookupFunction =>
  (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, found) => {
      if (error !== null) {
        callback(error, '');
        return;
      }
      const allowed = found.filter(({ address }) => isPublic(address));
      const [first] = allowed;
      if (first === undefined) callback(blocked(hostname, rules), '');
      else if (options.all === true) callback(null, allowed);
      else callback(null, first.address, first.family);
    });
  };

/**
 * Checks for an exception as in `NO_PROXY`: hosts and their parent domains, separated by commas or
 * spaces; `*`: all.
 */
const goesAround = ({ hostname }: URL, { except }: Proxy): boolean =>
  except
    .toLowerCase()
    .split(/[\s,]+/)
    .map((entry) => entry.replace(/^\*?\./, '').replace(/:\d+$/, ''))
    .some(
      (entry) =>
        entry === '*' || entry === hostname || (entry !== '' && hostname.endsWith(`.${entry}`)),
    );

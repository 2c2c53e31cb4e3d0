import { lookup } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { Pool, ProxyAgent, type Dispatcher } from 'undici';
import type { Proxy } from '../http/proxy.ts';
import { isPublic } from './addresses.ts';
import { blocked, type OutboundRules } from './rules.ts';

const CONNECT_MS = 5_000;

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

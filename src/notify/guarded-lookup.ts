import { lookup } from 'node:dns';
import type { LookupFunction } from 'node:net';
import ipaddr from 'ipaddr.js';
import { RowmillError } from '../errors.ts';

/**
 * Resolves a name for one connection, to addresses that are allowed. The connection uses exactly
 * the checked address, so a later, different answer has no effect.
 */
export const guardedLookup: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, { ...options, all: true }, (error, found) => {
    if (error !== null) {
      callback(error, '');
      return;
    }
    const allowed = found.filter(({ address }) => isPublic(address));
    const [first] = allowed;
    if (first === undefined) callback(blocked(hostname), '');
    else if (options.all === true) callback(null, allowed);
    else callback(null, first.address, first.family);
  });
};

/** Omits the address, which may reveal something about the worker's network. */
export const blocked = (hostname: string): RowmillError =>
  new RowmillError('webhook_refused', `${hostname} is an address of a private network`, {
    remedy: 'Use a public address, or set ROWMILL_WEBHOOK_ALLOW_PRIVATE=1 where the worker runs.',
  });

/** Allocated global unicast range of IPv6 (IANA): all others are private, mapped, or tunnels. */
const GLOBAL = ipaddr.IPv6.parseCIDR('2000::/3');

/**
 * Checks whether an address is public. Excludes this machine, private and link-local networks (with
 * cloud metadata), tunnels to them (NAT64, 6to4, Teredo), multicast and reserved ranges. An IPv4
 * address mapped into IPv6 is checked as IPv4; otherwise only IPv6 global unicast is public.
 */
export function isPublic(address: string): boolean {
  if (!ipaddr.isValid(address)) return false;
  const parsed = ipaddr.process(address);
  if (parsed.range() !== 'unicast') return false;
  // An address with a zone belongs to a network of this machine.
  return parsed instanceof ipaddr.IPv6 ? !address.includes('%') && parsed.match(GLOBAL) : true;
}

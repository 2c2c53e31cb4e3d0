import { lookup } from 'node:dns';
import type { LookupFunction } from 'node:net';
import ipaddr from 'ipaddr.js';
import { RowmillError } from '../errors.ts';

/**
 * Resolves a name for one connection, to addresses that may be called. The connection goes to just
 * the address that was judged: a name that answers differently a moment later changes nothing.
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

/** The address itself is not told: it may say something about the network of the worker. */
export const blocked = (hostname: string): RowmillError =>
  new RowmillError('webhook_refused', `${hostname} is an address of a private network`, {
    remedy: 'Use a public address, or set ROWMILL_WEBHOOK_ALLOW_PRIVATE=1 where the worker runs.',
  });

/** What is handed out of the IPv6 internet (IANA): everything else is private, mapped, or a tunnel. */
const GLOBAL = ipaddr.IPv6.parseCIDR('2000::/3');

/**
 * Whether an address belongs to the open internet. Not: this machine, private and link-local
 * networks (where clouds keep their metadata), tunnels that lead to any of them (NAT64, 6to4,
 * Teredo), multicast, reserved ranges. An IPv4 address that is mapped into IPv6 is judged as what it
 * is; of other IPv6 addresses only global unicast ones are public.
 */
export function isPublic(address: string): boolean {
  if (!ipaddr.isValid(address)) return false;
  const parsed = ipaddr.process(address);
  if (parsed.range() !== 'unicast') return false;
  // An address with a zone belongs to a network of this machine.
  return parsed instanceof ipaddr.IPv6 ? !address.includes('%') && parsed.match(GLOBAL) : true;
}

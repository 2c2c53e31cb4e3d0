import ipaddr from 'ipaddr.js';

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

import ipaddr from 'ipaddr.js';

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

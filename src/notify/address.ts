import ipaddr from 'ipaddr.js';

/**
 * Whether an address belongs to the open internet. Not: this machine, private and link-local
 * networks (where clouds keep their metadata), tunnels that lead to any of them (NAT64, 6to4,
 * Teredo), multicast, reserved ranges. An IPv4 address in IPv6 clothes is judged as what it is.
 */
export function isPublic(address: string): boolean {
  return ipaddr.isValid(address) && ipaddr.process(address).range() === 'unicast';
}

/**
 * Whether an address is reached without a proxy: this machine always is, and what `no_proxy` names.
 * The gRPC library reads the lower-case names alone, and sends even loopback to a proxy.
 */
export function goesDirect(address: string, env: NodeJS.ProcessEnv = process.env): boolean {
  const { host, port } = partsOf(address);
  if (LOOPBACK.test(host)) return true;
  const listed = env['no_proxy'] ?? env['NO_PROXY'] ?? '';
  return listed
    .toLowerCase()
    .split(/[\s,]+/)
    .some((entry) => entry !== '' && names(entry, host, port));
}

const LOOPBACK = /^(127\.\d+\.\d+\.\d+|::1|localhost|.+\.localhost)$/;

/** `host:port`, the host of IPv6 in brackets. */
function partsOf(address: string): { host: string; port: string } {
  const [, bracketed, plain = '', port = ''] =
    /^(?:\[([^\]]*)\]|([^:]*))(?::(\d+))?$/.exec(address.toLowerCase()) ?? [];
  return { host: bracketed ?? plain, port };
}

/** `*`, a host, or the end of one behind a dot; a port only where the entry has one. */
function names(entry: string, host: string, port: string): boolean {
  if (entry === '*') return true;
  const [, name = '', onPort] = /^(?:\*?\.)?(.+?)(?::(\d+))?$/.exec(entry) ?? [];
  if (onPort !== undefined && onPort !== port) return false;
  return host === name || host.endsWith(`.${name}`);
}

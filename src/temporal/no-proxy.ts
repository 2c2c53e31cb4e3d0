/**
 * Checks whether an address bypasses the proxy: always this machine, and those in `no_proxy`. The
 * gRPC library reads only the lower-case names, and sends even loopback to a proxy.
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

/** Splits `host:port`; the host of IPv6 is in brackets. */
function partsOf(address: string): { host: string; port: string } {
  const [, bracketed, plain = '', port = ''] =
    /^(?:\[([^\]]*)\]|([^:]*))(?::(\d+))?$/.exec(address.toLowerCase()) ?? [];
  return { host: bracketed ?? plain, port };
}

/** Matches `*`, a host, or a parent domain; a port only if the entry has one. */
function names(entry: string, host: string, port: string): boolean {
  if (entry === '*') return true;
  const [, name = '', onPort] = /^(?:\*?\.)?(.+?)(?::(\d+))?$/.exec(entry) ?? [];
  if (onPort !== undefined && onPort !== port) return false;
  return host === name || host.endsWith(`.${name}`);
}

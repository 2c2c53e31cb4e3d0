import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

const ip = (...args: string[]) => run('ip', args);

/** Networks of the site: one to Temporal, and one to provider and store. */
const NETS = ['temporal', 'data'] as const;
type Net = (typeof NETS)[number];

const addressIn = (net: Net, number: number): string => `10.77.${NETS.indexOf(net) + 1}.${number}`;

/** Number of this process, which operates the site and is the provider. */
const OPERATOR = 1;
/** Address without a listener, to which packets go that are to be lost. */
const NOBODY = '02:00:00:00:00:77';

/** Ways in which a machine loses the network to Temporal. */
export const CUTS = ['cut', 'mute', 'deaf'] as const;
export type Cut = (typeof CUTS)[number];

/** Machine with an address of its own in each network. */
export interface Host {
  name: string;
  address: Record<Net, string>;
  /** Command that starts another one on this machine. */
  via: readonly string[];
}

export const operator: Host = {
  name: 'operator',
  address: { temporal: addressIn('temporal', OPERATOR), data: addressIn('data', OPERATOR) },
  via: [],
};

/** Lays both networks in the namespace of this process. */
export async function layNetworks(): Promise<void> {
  await run('mkdir', ['-p', '/run/netns']);
  // Names of namespaces are visible in this mount namespace alone, and go with it.
  await run('mount', ['-t', 'tmpfs', 'tmpfs', '/run/netns']);
  await ip('link', 'set', 'lo', 'up');
  for (const net of NETS) {
    await ip('link', 'add', net, 'type', 'bridge');
    await ip('addr', 'add', `${addressIn(net, OPERATOR)}/24`, 'dev', net);
    await ip('link', 'set', net, 'up');
  }
}

let hosts = OPERATOR;

/** Adds a machine: a network namespace with a cable to each network. */
export async function addHost(): Promise<Host> {
  hosts += 1;
  const number = hosts;
  const name = `host${number}`;
  const address = { temporal: addressIn('temporal', number), data: addressIn('data', number) };
  await ip('netns', 'add', name);
  await ip('-n', name, 'link', 'set', 'lo', 'up');
  for (const net of NETS) {
    const cable = cableOf(net, name);
    await ip('link', 'add', cable, 'type', 'veth', 'peer', 'name', net, 'netns', name);
    await ip('link', 'set', cable, 'master', net);
    await ip('link', 'set', cable, 'up');
    await ip('-n', name, 'addr', 'add', `${address[net]}/24`, 'dev', net);
    await ip('-n', name, 'link', 'set', net, 'up');
  }
  return { name, address, via: ['ip', 'netns', 'exec', name] };
}

/** End of a machine's cable at the switch. */
const cableOf = (net: Net, name: string): string => `${net[0] ?? ''}-${name}`;

/**
 * Cuts a machine off from the server: `cut` unplugs its cable, `mute` loses what it sends, `deaf` what
 * it is sent. Returns what heals it.
 */
export async function cutOff(host: Host, server: Host, how: Cut): Promise<() => Promise<void>> {
  if (how === 'cut') {
    const cable = cableOf('temporal', host.name);
    await ip('link', 'set', cable, 'down');
    return async () => {
      await ip('link', 'set', cable, 'up');
    };
  }
  const [from, to] = how === 'mute' ? [host, server] : [server, host];
  const neighbour = [to.address.temporal, 'dev', 'temporal'];
  const neigh = (...args: string[]) => ip('-n', from.name, 'neigh', ...args);
  await neigh('replace', ...neighbour, 'lladdr', NOBODY, 'nud', 'permanent');
  return async () => {
    await neigh('del', ...neighbour);
  };
}

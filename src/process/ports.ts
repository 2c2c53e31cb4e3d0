import { randomInt } from 'node:crypto';
import { connect, createServer } from 'node:net';
import { RowmillError } from '../errors.ts';

export const LOOPBACK = '127.0.0.1';

/**
 * `free`: any free port. `exactly`: this one or `port_in_use`. `from`: this one, or the next free
 * one above it.
 */
export type PortChoice = 'free' | { exactly: number } | { from: number };

const MAX_STEPS = 100;

/** Maximum attempts, for a machine where many processes start at once. */
const TRIES = 5;

/**
 * Range of free ports, below the ephemeral ones (Linux from 32768, others from 49152). The system
 * assigns a picked port that is not in use yet to no other process.
 */
const FREE = { from: 20_000, below: 32_768 } as const;

/**
 * Picks ports and starts a listener on them. If another process took one meanwhile, `start` throws
 * `port_in_use`, and other ports are tried if the choice allows.
 */
export async function onFreePorts<T>(
  choices: readonly PortChoice[],
  start: (ports: number[]) => Promise<T> | T,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    const ports = await pickPorts(choices);
    try {
      return await start(ports);
    } catch (error) {
      const lostPort = error instanceof RowmillError && error.code === 'port_in_use';
      if (!lostPort || attempt === TRIES) throw error;
    }
  }
}

/** Picks distinct free ports, in the order of the choices. */
export async function pickPorts(choices: readonly PortChoice[]): Promise<number[]> {
  const picked: number[] = [];
  for (const choice of choices) picked.push(await pickPort(choice, picked));
  return picked;
}

async function pickPort(choice: PortChoice, taken: readonly number[]): Promise<number> {
  if (choice === 'free') {
    for (;;) {
      const port = randomInt(FREE.from, FREE.below);
      if (!taken.includes(port) && (await tryPort(port)) === port) return port;
    }
  }
  if ('exactly' in choice) {
    const port = await tryPort(choice.exactly);
    if (typeof port === 'number') return port;
    const what = port === 'EADDRINUSE' ? 'is in use' : `cannot be used (${port})`;
    throw new RowmillError('port_in_use', `port ${choice.exactly} ${what}`, { where: LOOPBACK });
  }
  for (let port = choice.from; port < choice.from + MAX_STEPS; port++) {
    if (!taken.includes(port) && (await tryPort(port)) === port) return port;
  }
  const range = `${choice.from} to ${choice.from + MAX_STEPS - 1}`;
  throw new RowmillError('port_in_use', `the ports ${range} are all in use`, { where: LOOPBACK });
}

/** Returns the port if it is free, else the system's error code. */
function tryPort(wanted: number): Promise<number | string> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen({ port: wanted, host: LOOPBACK, exclusive: true }, () => {
      const address = server.address();
      const port = address !== null && typeof address === 'object' ? address.port : wanted;
      server.close(() => resolve(port));
    });
  });
}

/** Checks whether a process accepts connections. */
export function isListening(port: number, host: string = LOOPBACK): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host });
    const settle = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', () => settle(true));
    socket.once('error', () => settle(false));
    socket.setTimeout(1_000, () => settle(false));
  });
}

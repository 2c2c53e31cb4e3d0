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

/** Often enough on a machine where many processes start at once. */
const TRIES = 5;

/**
 * Free ones are taken from below those that systems hand out by themselves (Linux from 32768, others
 * from 49152): a port that we picked and that nobody listens on yet is not given to another process.
 */
const FREE = { from: 20_000, below: 32_768 } as const;

/**
 * Picks ports and starts what listens on them. Somebody else may have taken one in between: then
 * `start` throws `port_in_use`, and it goes on with other ports, where the choice leaves any.
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

/** Picks ports that are free now and differ from each other, in the order asked. */
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

/** The port when it could be listened on, else the system's word for why not. */
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

/** Whether something accepts connections. */
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

import { once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { afterEach, expect, test } from '@jest/globals';
import { onFreePorts, pickPorts } from '../../src/process/ports.ts';
import { RowmillError } from '../../src/errors.ts';

const open: Server[] = [];
afterEach(() => {
  for (const server of open.splice(0)) server.close();
});

const listenOn = async (port: number): Promise<number> => {
  const server = createServer().listen(port, '127.0.0.1');
  await once(server, 'listening');
  open.push(server);
  return (server.address() as AddressInfo).port; // a TCP server has this kind of address
};

/** Returns a port that the system gives to a program that asks for any. */
const systemPort = async (): Promise<number> => {
  const port = await listenOn(0);
  open.pop()?.close();
  return port;
};

test('free ports can all be listened on', async () => {
  const ports = await pickPorts(Array.from({ length: 20 }, () => 'free'));
  expect(new Set(ports).size).toBe(20);
  for (const port of ports) await listenOn(port);
  expect(Math.max(...ports)).toBeLessThan(await systemPort());
});

test('a port that is lost between the choice and the start is replaced by the next one', async () => {
  const usual = await systemPort();
  const tried: number[] = [];
  const got = await onFreePorts([{ from: usual }], async ([port = 0]) => {
    tried.push(port);
    if (tried.length > 1) return port;
    await listenOn(port);
    throw new RowmillError('port_in_use', 'another process was faster');
  });
  expect(tried[0]).toBe(usual);
  expect(got).toBeGreaterThan(usual);
});

test('a port that was asked for is not given up: the loss is the answer', async () => {
  const wanted = await systemPort();
  const lost = onFreePorts([{ exactly: wanted }], async ([port = 0]) => {
    await listenOn(port);
    throw new RowmillError('port_in_use', 'another process was faster');
  });
  await expect(lost).rejects.toMatchObject({
    code: 'port_in_use',
    what: `port ${wanted} is in use`,
  });
});

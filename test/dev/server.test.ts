import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Client, type Connection } from '@temporalio/client';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { connectTemporal, type TemporalLink } from '../../src/temporal/connection.ts';
import { DEFAULT_TASK_QUEUE, SEARCH_ATTRIBUTE, WORKFLOW_TYPE } from '../../src/contract/names.ts';
import { openTemporal } from '../support/open-temporal.ts';
import { isStill, markOf } from '../../src/process/process-mark.ts';
import {
  ensureSearchAttributes,
  missingSearchAttributes,
} from '../../src/temporal/search-attributes.ts';
import { startTemporalServer, type TemporalServer } from '../../src/dev/temporal/server.ts';
import { startChild, until, type Child } from './child.ts';

let folder: string;
let dbFile: string;
const cleanUp: (() => unknown)[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rowmill-server-'));
  dbFile = join(folder, 'state', 'temporal.db');
});
afterEach(async () => {
  for (const step of cleanUp.splice(0).reverse()) await step();
  await rm(folder, { recursive: true, force: true });
});

const start = async (options: Parameters<typeof startTemporalServer>[0]) => {
  const server = await startTemporalServer(options);
  cleanUp.push(() => {
    // Not politely: that takes a second.
    if (isRunning(server.pid)) process.kill(Number(server.pid), 'SIGKILL');
    return server.stop();
  });
  return server;
};
const connected = async (server: TemporalServer): Promise<TemporalLink> => {
  const link = await connectTemporal(server.connect);
  cleanUp.push(() => link.connection.close());
  return link;
};
const parent = async (options: object): Promise<{ child: Child; pid: number }> => {
  const child = startChild('parent.ts', [JSON.stringify(options)], process.env);
  cleanUp.push(() => child.process.kill('SIGKILL'));
  const line: unknown = JSON.parse(await child.line((text) => text.startsWith('{')));
  const { pid } = line as { pid: number }; // test/dev/parent.ts prints it
  return { child, pid };
};
const isRunning = (pid: number | null) => pid !== null && isStill(markOf(pid));

/** Stops the process. The signal gets lost now and then, so it is sent until it is heard. */
const stopped = (pid: number): Promise<void> =>
  until(() => {
    process.kill(pid, 'SIGSTOP');
    return process.platform !== 'linux' || /\) T /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  });

/** A port that something listens on for the time of the test. */
const takenPort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanUp.push(() => server.close());
  return (server.address() as AddressInfo).port; // a TCP server has this kind of address
};

test('a server in memory serves gRPC and the web interface until it is stopped', async () => {
  const server = await start({ ui: 'free' });
  const { connection } = await connected(server);
  expect(await missingSearchAttributes(connection, 'default')).toEqual([]);
  const page = await fetch(String(server.uiUrl));
  expect(page.status).toBe(200);
  await page.text();
  expect(isRunning(server.pid)).toBe(true);
  await server.stop();
  await server.exited;
  expect(isRunning(server.pid)).toBe(false);
});

test('a taken port that was asked for is an error', async () => {
  const port = await takenPort();
  await expect(start({ port: { exactly: port } })).rejects.toMatchObject({
    code: 'port_in_use',
    message: expect.stringContaining(String(port)),
  });
});

test('a usual port that is taken gives the next one', async () => {
  const port = await takenPort();
  const server = await start({ port: { from: port } });
  const got = Number(server.address.split(':')[1]);
  expect(got).toBeGreaterThan(port);
  expect(got).toBeLessThan(port + 100);
});

test('servers that start at the same moment and look for the same ports all come up', async () => {
  const port = await takenPort();
  const options = { port: { from: port }, ui: { from: port } };
  const servers = await Promise.all([start(options), start(options), start(options)]);
  const places = servers.flatMap(({ address, uiUrl }) => [`http://${address}`, uiUrl]);
  expect(new Set(places).size).toBe(6);
  for (const server of servers) expect(isRunning(server.pid)).toBe(true);
});

test('runs are kept in the file over a stop and a start', async () => {
  const first = await start({ dbFile });
  const client = new Client(await connected(first));
  await client.workflow.start(WORKFLOW_TYPE, { taskQueue: DEFAULT_TASK_QUEUE, workflowId: 'kept' });
  expect((await stat(dbFile)).mode & 0o777).toBe(0o600);
  await first.stop();
  expect(isRunning(first.pid)).toBe(false);
  expect(existsSync(`${dbFile}.server.json`)).toBe(false);

  const second = await start({ dbFile });
  expect(second.reused).toBe(false);
  const again = new Client(await connected(second));
  expect((await again.workflow.getHandle('kept').describe()).status.name).toBe('RUNNING');
});

test('a server that was asked to end is not used again: the next start waits for its end', async () => {
  const first = await start({ dbFile });
  const client = new Client(await connected(first));
  await client.workflow.start(WORKFLOW_TYPE, { taskQueue: DEFAULT_TASK_QUEUE, workflowId: 'kept' });
  await first.leave();

  const second = await start({ dbFile });
  expect(second.reused).toBe(false);
  expect(isRunning(first.pid)).toBe(false);
  const again = new Client(await connected(second));
  expect((await again.workflow.getHandle('kept').describe()).status.name).toBe('RUNNING');
});

test('a server that others use goes on when one of them leaves it', async () => {
  const other = await parent({ dbFile });
  const server = await start({ dbFile });
  expect(server).toMatchObject({ pid: other.pid, reused: true });
  await server.leave();
  const again = await start({ dbFile });
  expect(again).toMatchObject({ pid: other.pid, reused: true });
});

test('a server left by a killed parent is adopted until the end', async () => {
  const { child, pid } = await parent({ dbFile });
  child.process.kill('SIGKILL');
  await child.ended;
  expect(isRunning(pid)).toBe(true);
  const server = await start({ dbFile });
  expect(server).toMatchObject({ pid, reused: true });
  await connected(server);
  await server.stop();
  await server.exited;
  expect(isRunning(pid)).toBe(false);
});

test('a server killed with its parent leaves a file that starts again', async () => {
  const { child, pid } = await parent({ dbFile });
  child.process.kill('SIGKILL');
  process.kill(pid, 'SIGKILL');
  await child.ended;
  const server = await start({ dbFile });
  expect(server.reused).toBe(false);
  await connected(server);
});

test('a stalled server is ended before a new one opens the file', async () => {
  const { child, pid } = await parent({ dbFile });
  child.process.kill('SIGKILL');
  await child.ended;
  await stopped(pid);
  const server = await start({ dbFile });
  expect(server.reused).toBe(false);
  expect(isRunning(pid)).toBe(false);
  await connected(server);
});

test('the last of two processes that share the server on a file ends it', async () => {
  const { child, pid } = await parent({ dbFile });
  const server = await start({ dbFile });
  expect(server).toMatchObject({ pid, reused: true });
  await server.stop();
  expect(isRunning(pid)).toBe(true);
  child.process.kill('SIGTERM');
  await child.ended;
  await until(() => !isRunning(pid));
});

test('a state file with a foreign process id does no harm', async () => {
  const server = { pid: process.pid, started: 'long ago, when the id was the server’s' };
  const left = { server, users: [], ports: { grpc: 7233, ui: null }, startedAt: '', ending: false };
  await mkdir(dirname(dbFile));
  await writeFile(`${dbFile}.server.json`, JSON.stringify(left));
  expect(await start({ dbFile })).toMatchObject({ reused: false });
});

test('a server in memory ends with its parent, however that ends', async () => {
  const ends = (['SIGTERM', 'SIGINT', 'SIGKILL'] as const).map(async (signal) => {
    const { child, pid } = await parent({});
    child.process.kill(signal);
    await child.ended;
    expect(child.process.signalCode).toBe(signal);
    await until(() => !isRunning(pid));
  });
  await Promise.all(ends);
});

test('a broken state file is an error with the last words of the server', async () => {
  await writeFile(join(folder, 'broken.db'), 'this is not a database, and longer than its header');
  await expect(start({ dbFile: join(folder, 'broken.db') })).rejects.toMatchObject({
    code: 'temporal_unavailable_here',
    message: expect.stringMatching(/not a database/),
  });
});

test('a server of TEMPORAL_ADDRESS is used and never stopped', async () => {
  const own = await start({ namespace: 'theirs' });
  const { connection } = await connected(own);
  const env = { TEMPORAL_ADDRESS: own.address, TEMPORAL_NAMESPACE: 'theirs' };
  const server = await openTemporal({ env, ignoreProfileFile: true });
  expect(server).toMatchObject({ address: own.address, namespace: 'theirs', pid: null });
  await server.stop();
  expect(isRunning(own.pid)).toBe(true);
  expect(await missingSearchAttributes(connection, 'theirs')).toEqual([]);
});

test('search attributes that a namespace lacks are added', async () => {
  const server = await start({});
  const { connection } = await connected(server);
  const { attributes } = await removeOne(connection);
  expect(await missingSearchAttributes(connection, 'default')).toEqual(attributes);
  await ensureSearchAttributes(connection, 'default');
  expect(await missingSearchAttributes(connection, 'default')).toEqual([]);
});

const removeOne = async (connection: Connection) => {
  const attributes = [SEARCH_ATTRIBUTE.rows];
  await connection.operatorService.removeSearchAttributes({
    namespace: 'default',
    searchAttributes: attributes,
  });
  return { attributes };
};

test.each(['Client #1', '100%', 'a?b', 'a b', '%20', 'a&b=c', 'é'])(
  'state in a folder called %s is found again',
  async (name) => {
    const file = join(folder, name, 'temporal.db');
    const first = await start({ dbFile: file });
    const link = await connected(first);
    const client = new Client({ connection: link.connection });
    const options = { workflowId: 'kept', taskQueue: DEFAULT_TASK_QUEUE, args: [] };
    await client.workflow.start(WORKFLOW_TYPE, options);
    await first.stop();
    expect(await readdir(folder)).toEqual([name]);
    expect(existsSync(file)).toBe(true);
    const second = await start({ dbFile: file });
    const again = new Client({ connection: (await connected(second)).connection });
    expect((await again.workflow.getHandle('kept').describe()).workflowId).toBe('kept');
  },
);

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cacheFolder } from '../../src/dev/temporal/binary.ts';
import { findGo, goBuild } from '../../src/dev/temporal/go-command.ts';
import { withLock } from '../../src/dev/temporal/lock.ts';
import { packageRoot } from '../../src/process/package-root.ts';
import { eventually } from './eventually.ts';

/** The bucket that every server starts with. */
export const BUCKET = 'rowmill-tests';

export const ROOT_KEY = { AWS_ACCESS_KEY_ID: 'rowmill', AWS_SECRET_ACCESS_KEY: 'rowmill-secret' };

export interface S3Server {
  /** Address, such as `http://127.0.0.1:39211`. */
  url: string;
  stop(): Promise<void>;
}

interface Kind {
  /** Folder of its go.mod under `tools`. */
  module: string;
  target: string;
  /** Name in the cache, with the version. */
  name: string;
  /** @param address Host and port to listen on */
  command: (address: string, folder: string) => string[];
}

/** Servers of two makers, each built from its Go module. */
const KINDS = {
  lenient: {
    module: 's3-server',
    target: 'github.com/johannesboyne/gofakes3/cmd/gofakes3',
    name: 'gofakes3-1.2.0',
    command: (address) => [
      ...['-backend', 'memory', '-host', address],
      ...['-initialbucket', BUCKET, '-quiet'],
    ],
  },
  /** Checks signatures, permissions and conditions. */
  strict: {
    module: 's3-server-strict',
    target: 'github.com/versity/versitygw/cmd/versitygw',
    name: 'versitygw-1.8.0',
    command: (address, folder) => [
      ...['--access', ROOT_KEY.AWS_ACCESS_KEY_ID, '--secret', ROOT_KEY.AWS_SECRET_ACCESS_KEY],
      ...['--port', address, '--quiet'],
      ...['posix', '--sidecar', join(folder, 'sidecar'), join(folder, 'files')],
    ],
  },
} as const satisfies Record<string, Kind>;

export type S3Kind = keyof typeof KINDS;

/** The server that this test run uses: `ROWMILL_TEST_S3=strict` chooses the strict one. */
export const s3Kind = (): S3Kind =>
  process.env['ROWMILL_TEST_S3'] === 'strict' ? 'strict' : 'lenient';

/** Starts an S3 server with an empty bucket; builds its command at the first use. */
export async function startS3Server(kind: S3Kind = s3Kind()): Promise<S3Server> {
  const folder = await mkdtemp(join(tmpdir(), 'rowmill-s3-'));
  await mkdir(join(folder, 'files', BUCKET), { recursive: true });
  await mkdir(join(folder, 'sidecar'), { recursive: true });
  const port = await freePort();
  const [file = '', ...args] = await s3Command(`127.0.0.1:${port}`, folder, kind);
  const child = spawn(file, args, {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const url = `http://127.0.0.1:${port}`;
  await eventually('the S3 server', () => {
    if (child.exitCode !== null) throw new Error(`${file} ended with ${child.exitCode}`);
    return fetch(url).then(
      () => true,
      () => false,
    );
  });
  return { url, stop: () => stop(child, folder) };
}

/** Returns the command of a server; builds it at the first use. */
export async function s3Command(
  address: string,
  folder: string,
  kind: S3Kind = s3Kind(),
): Promise<string[]> {
  return [await built(KINDS[kind]), ...KINDS[kind].command(address, folder)];
}

async function stop(child: ChildProcess, folder: string): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  await rm(folder, { recursive: true, force: true });
}

/** Builds a server once for this machine; the name in the cache has its version. */
async function built({ module, target, name }: Kind): Promise<string> {
  const cache = cacheFolder(process.env);
  const path = join(cache, name);
  if (await isThere(path)) return path;
  await mkdir(cache, { recursive: true });
  return withLock(`${path}.lock`, async () => {
    if (await isThere(path)) return path;
    const go = await findGo(process.env);
    if ('reason' in go) throw new Error(`the S3 server for tests cannot be built: ${go.reason}`);
    process.stderr.write(`Building ${name} with Go, this once …\n`);
    const cwd = join(packageRoot(), 'tools', module);
    await goBuild(go, { file: `${path}.new`, cwd, target });
    await rename(`${path}.new`, path);
    return path;
  });
}

const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  return address.port;
}

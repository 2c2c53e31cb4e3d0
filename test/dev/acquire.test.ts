import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { acquireTemporalBinary } from '../../src/dev/temporal/acquire.ts';
import { ARCHIVE_HASHES } from '../../src/dev/temporal/archive-hashes.ts';
import { PINNED_VERSION } from '../../src/dev/temporal/binary.ts';
import { pickPorts } from '../../src/process/ports.ts';
import { startChild } from './child.ts';

const GOOD = 'temporal version 1.8.2 (Server 1.31.2, UI 2.50.1)';

let folder: string;
let bin: string;
let cache: string;
let env: Record<string, string>;
const said: string[] = [];
const say = (line: string) => void said.push(line);

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rowmill-acquire-'));
  bin = join(folder, 'bin');
  cache = join(folder, 'cache');
  await mkdir(bin);
  await mkdir(cache);
  env = { PATH: bin, ROWMILL_CACHE: cache, ROWMILL_TEMPORAL_DOWNLOAD: 'off' };
  said.length = 0;
});
// What a test left running may still be writing its last file.
afterEach(() => rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 }));

const script = async (path: string, body: string) => {
  // Renamed: what runs under this name cannot be written to.
  await writeFile(`${path}.new`, `#!/bin/sh\n${body}\n`);
  await chmod(`${path}.new`, 0o755);
  await rename(`${path}.new`, path);
};
const temporalAt = (path: string, version = GOOD) => script(path, `echo '${version}'`);
const cached = () => join(cache, 'temporal-1.8.2');

/** Writes a `temporal` where `-o` says, when the file `goOn` is there; notes every build. */
const fakeGo = (goOn: string) =>
  script(
    join(bin, 'go'),
    `if [ "$1" = env ]; then echo go1.26.8; exit; fi
[ -f go.mod ] && [ -f go.sum ] && [ "$CGO_ENABLED" = 0 ] && [ -z "$GOFLAGS" ] || exit 1
echo build >> '${join(folder, 'builds')}'
while [ ! -f '${goOn}' ]; do [ -d '${bin}' ] || exit 1; /bin/sleep 0.02; done
while [ "$1" != -o ]; do shift; done
printf '#!/bin/sh\\necho "%s"\\n' '${GOOD}' > "$2"
/bin/chmod 755 "$2"`,
  );

const failure = async (archiveHashes?: Record<string, string>): Promise<string> =>
  acquireTemporalBinary({ env, say, ...(archiveHashes && { archiveHashes }) }).then(
    () => 'no failure',
    (error: unknown) => String(error),
  );

test('the temporal command on PATH comes before the cache', async () => {
  await temporalAt(join(bin, 'temporal'), 'temporal version 1.5.0 (Server 1.29.1, UI 2.42.0)');
  await temporalAt(cached());
  expect(await acquireTemporalBinary({ env, say })).toEqual({
    path: join(bin, 'temporal'),
    version: '1.5.0',
    serverVersion: '1.29.1',
    from: 'PATH',
  });
  expect(said).toEqual([]);
});

test('a temporal command that is too old is skipped, with a word about it', async () => {
  await temporalAt(join(bin, 'temporal'), 'temporal version 1.3.0 (Server 1.27.2, UI 2.36.0)');
  await temporalAt(cached());
  expect(await acquireTemporalBinary({ env, say })).toMatchObject({
    path: cached(),
    from: 'cache',
  });
  expect(said).toHaveLength(1);
  expect(said[0]).toMatch(/bin\/temporal is skipped: its server is 1\.27\.2, 1\.28 or newer/);
});

test('a cached file that does not run is made again', async () => {
  await writeFile(cached(), 'half a file');
  await chmod(cached(), 0o755);
  await writeFile(join(folder, 'go-on'), '');
  await fakeGo(join(folder, 'go-on'));
  expect(await acquireTemporalBinary({ env, say })).toMatchObject({
    path: cached(),
    from: 'build',
  });
  expect(await acquireTemporalBinary({ env, say })).toMatchObject({ from: 'cache' });
  expect(said[0]).toMatch(/about 6 minutes, this once/);
});

test('when nothing works the error names every way and why it failed', async () => {
  await temporalAt(join(bin, 'temporal'), 'temporal version 0.13.0 (Server 1.24.0, UI 2.28.0)');
  const [port] = await pickPorts(['free']);
  env['ROWMILL_TEMPORAL_DOWNLOAD'] = `http://127.0.0.1:${port ?? 0}`;
  const text = await failure();
  expect(text).toMatch(/on PATH: .*bin\/temporal is skipped: its server is 1\.24\.0/);
  expect(text).toMatch(/cache: .*temporal-1\.8\.2 is not there/);
  expect(text).toMatch(/download: http:\/\/127\.0\.0\.1:\d+\/v1\.8\.2: .*ECONNREFUSED/);
  expect(text).toMatch(/build: `go` is not on PATH/);
  expect(await readdir(cache)).toEqual([]);
});

test('an old Go and a failed build are reported with their messages', async () => {
  await script(join(bin, 'go'), 'echo go1.19.8');
  expect(await failure()).toMatch(/download: switched off.*\n.*build: .*go is 1\.19\.8; 1\.21 or/);
  await script(
    join(bin, 'go'),
    'if [ "$1" = env ]; then echo go1.26.8; else echo "no module proxy" >&2; exit 1; fi',
  );
  expect(await failure()).toMatch(/build: .*go: no module proxy/);
});

test('a cache folder that cannot be made is named, with the way out', async () => {
  env['ROWMILL_CACHE'] = join(folder, 'file', 'cache');
  await writeFile(join(folder, 'file'), '');
  expect(await failure()).toMatch(/cache: .*file\/cache cannot be used: .*\(set ROWMILL_CACHE\)/);
});

test('two processes that need a build build once', async () => {
  const goOn = join(folder, 'go-on');
  await fakeGo(goOn);
  const first = startChild('acquirer.ts', [], env);
  await first.line((line) => line.includes('about 6 minutes'));
  const second = startChild('acquirer.ts', [], env);
  await second.line((line) => line.includes(`Waiting for process ${first.process.pid ?? 0}`));
  await writeFile(goOn, '');
  expect(await first.line((line) => line.startsWith('got'))).toMatch(/"from":"build"/);
  expect(await second.line((line) => line.startsWith('got'))).toMatch(/"from":"cache"/);
  await Promise.all([first.ended, second.ended]);
  expect(await readFile(join(folder, 'builds'), 'utf8')).toBe('build\n');
  expect(await readdir(cache)).toEqual(['temporal-1.8.2']);
});

test('what a killed process left does not stop the next one', async () => {
  const goOn = join(folder, 'go-on');
  await fakeGo(goOn);
  const killed = startChild('acquirer.ts', [], env);
  await killed.line((line) => line.includes('about 6 minutes'));
  killed.process.kill('SIGKILL');
  await killed.ended;
  expect(existsSync(`${cached()}.lock`)).toBe(true);
  await writeFile(goOn, '');
  expect(await acquireTemporalBinary({ env, say })).toMatchObject({ from: 'build' });
  expect(await readdir(cache)).toEqual(['temporal-1.8.2']);
});

test('a build that outlives its killed process does not stop the next one', async () => {
  const goOn = join(folder, 'go-on');
  const stop = join(folder, 'stop');
  await script(
    join(bin, 'go'),
    `if [ "$1" = env ]; then echo go1.26.8; exit; fi
while [ -d '${bin}' ] && [ ! -f '${stop}' ]; do i=$((i + 1)); /bin/mkdir "$i" 2>&1; done
exit 1`,
  );
  const killed = startChild('acquirer.ts', [], env);
  await killed.line((line) => line.includes('about 6 minutes'));
  killed.process.kill('SIGKILL');
  await killed.ended;
  try {
    await fakeGo(goOn);
    await writeFile(goOn, '');
    expect(await acquireTemporalBinary({ env, say })).toMatchObject({ from: 'build' });
  } finally {
    await writeFile(stop, '');
  }
  expect(await readdir(cache)).toContain('temporal-1.8.2');
});

interface Mirror {
  archive: string;
  sha256: string;
  /** Paths in the order they came. */
  asked: string[];
}

/** A server with an archive that is not Temporal's, and checksums of its own that vouch for it. */
const withMirror = async (work: (mirror: Mirror) => Promise<void>): Promise<void> => {
  await temporalAt(join(folder, 'temporal'));
  execFileSync('tar', ['-czf', 'release.tar.gz', 'temporal'], { cwd: folder });
  const bytes = await readFile(join(folder, 'release.tar.gz'));
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const system = { darwin: 'darwin', win32: 'windows' }[process.platform as string] ?? 'linux';
  const archive = `temporal_cli_1.8.2_${system}_${process.arch === 'arm64' ? 'arm64' : 'amd64'}.tar.gz`;
  const asked: string[] = [];
  const server: Server = createServer((request, reply) => {
    asked.push(request.url ?? '');
    if (request.url === '/v1.8.2/checksums.txt') reply.end(`${sha256}  ${archive}\n`);
    else if (request.url === `/v1.8.2/${archive}`) reply.end(bytes);
    else reply.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // A TCP server has this kind of address.
  const { port } = server.address() as AddressInfo;
  env['ROWMILL_TEMPORAL_DOWNLOAD'] = `http://127.0.0.1:${port}`;
  try {
    await work({ archive, sha256, asked });
  } finally {
    server.close();
  }
};

test('an archive with the hash that is known here is downloaded and kept', () =>
  withMirror(async ({ archive, sha256 }) => {
    const archiveHashes = { [archive]: sha256 };
    expect(await acquireTemporalBinary({ env, say, archiveHashes })).toEqual({
      path: cached(),
      version: '1.8.2',
      serverVersion: '1.31.2',
      from: 'download',
    });
    expect(await readdir(cache)).toEqual(['temporal-1.8.2']);
  }));

test('another archive is not used, whatever the checksums beside it say', () =>
  withMirror(async ({ sha256 }) => {
    expect(await failure()).toMatch(`is not the official archive: its sha256 is ${sha256}`);
    expect(await readdir(cache)).toEqual([]);
  }));

test('an archive without a known hash is passed over for the build', () =>
  withMirror(async ({ archive, asked }) => {
    const text = await failure({});
    expect(text).toMatch(`download: no sha256 of ${archive} is known here`);
    expect(text).toMatch(/build: `go` is not on PATH/);
    expect(asked).toEqual([]);
  }));

test('every platform with archives has its hash, of the version that is built', () => {
  const systems = ['darwin', 'linux', 'windows'].flatMap((system) => [
    `temporal_cli_${PINNED_VERSION}_${system}_amd64.tar.gz`,
    `temporal_cli_${PINNED_VERSION}_${system}_arm64.tar.gz`,
  ]);
  expect(Object.keys(ARCHIVE_HASHES)).toEqual(systems);
  const hashes = new Set(Object.values(ARCHIVE_HASHES));
  expect(hashes.size).toBe(systems.length);
  for (const hash of hashes) expect(hash).toMatch(/^[0-9a-f]{64}$/);
});

import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { EnvHttpProxyAgent, fetch } from 'undici';
import { executableName, PINNED_VERSION, type Environment } from './binary.ts';
import { firstLine } from './system-error.ts';

const run = promisify(execFile);

/** Where the project publishes its releases, with a file of checksums. */
const RELEASES = 'https://github.com/temporalio/cli/releases/download';

/** Without a way out to the internet the answer must come soon: the next way is waiting. */
const FIRST_ANSWER_MS = 4_000;
const ARCHIVE_MS = 10 * 60_000;

const OFF = ['0', 'off', 'no', 'false'];

export type Download = { file: string } | { reason: string };

/**
 * Downloads the official archive into `folder`, checks it against the release's checksums and
 * unpacks it. `ROWMILL_TEMPORAL_DOWNLOAD`: `off`, or the address of a mirror of the releases.
 */
export async function downloadTemporal(
  folder: string,
  env: Environment,
  say: (line: string) => void,
): Promise<Download> {
  const setting = env['ROWMILL_TEMPORAL_DOWNLOAD'] ?? '';
  if (OFF.includes(setting.toLowerCase())) {
    return { reason: 'switched off by ROWMILL_TEMPORAL_DOWNLOAD' };
  }
  const base = `${(setting || RELEASES).replace(/\/+$/, '')}/v${PINNED_VERSION}`;
  const archive = archiveName();
  if (archive === null) {
    return { reason: `no archive is published for ${process.platform} ${process.arch}` };
  }
  const dispatcher = new EnvHttpProxyAgent({ connect: { timeout: FIRST_ANSWER_MS } });
  const get = async (name: string, timeoutMs: number) => {
    const signal = AbortSignal.timeout(timeoutMs);
    const reply = await fetch(`${base}/${name}`, { dispatcher, signal });
    if (!reply.ok || reply.body === null) throw new Error(`${name}: HTTP ${reply.status}`);
    return { text: () => reply.text(), body: reply.body };
  };
  try {
    const checksums = await (await get('checksums.txt', FIRST_ANSWER_MS)).text();
    const wanted = checksumOf(archive, checksums);
    if (wanted === null) return { reason: `${base}/checksums.txt does not name ${archive}` };
    say(`Downloading the Temporal server ${PINNED_VERSION} …`);
    const path = join(folder, archive);
    const { body } = await get(archive, ARCHIVE_MS);
    const found = await save(Readable.fromWeb(body), path);
    if (found !== wanted) return { reason: `${base}/${archive} has a wrong checksum (${found})` };
    const file = join(folder, executableName('temporal'));
    // `tar` is on every system that has archives of its own: Windows 10 too.
    await run('tar', ['-xzf', path, '-C', folder, executableName('temporal')]);
    await chmod(file, 0o755);
    return { file };
  } catch (error) {
    return { reason: `${base}: ${reasonOf(error)}` };
  } finally {
    await dispatcher.destroy();
  }
}

function archiveName(): string | null {
  const system = { linux: 'linux', darwin: 'darwin', win32: 'windows' }[process.platform as string];
  const machine = { x64: 'amd64', arm64: 'arm64' }[process.arch as string];
  if (system === undefined || machine === undefined) return null;
  return `temporal_cli_${PINNED_VERSION}_${system}_${machine}.tar.gz`;
}

function checksumOf(name: string, checksums: string): string | null {
  for (const line of checksums.split('\n')) {
    const [sum, file] = line.trim().split(/\s+\*?/);
    if (file === name && sum !== undefined) return sum.toLowerCase();
  }
  return null;
}

/** Gives back the sha256 of what was written, hex. */
async function save(body: Readable, path: string): Promise<string> {
  const hash = createHash('sha256');
  const hashing = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      done(null, chunk);
    },
  });
  await pipeline(body, hashing, createWriteStream(path, { mode: 0o600 }));
  return hash.digest('hex');
}

function reasonOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return String(error);
  if ('name' in error && error.name === 'TimeoutError') return 'no answer in time';
  // fetch says `fetch failed` and keeps the reason.
  return firstLine('cause' in error ? error.cause : error);
}

import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { EnvHttpProxyAgent, fetch } from 'undici';
import { ARCHIVE_HASHES, type ArchiveHashes } from './archive-hashes.ts';
import { executableName, PINNED_VERSION, type Environment } from './binary.ts';
import { firstLine } from './error-text.ts';

const run = promisify(execFile);

/** Address of Temporal's releases. */
const RELEASES = 'https://github.com/temporalio/cli/releases/download';

/** Short, because without internet access the next way is tried. */
const FIRST_ANSWER_MS = 4_000;
const ARCHIVE_MS = 10 * 60_000;

const OFF = ['0', 'off', 'no', 'false'];

export type Download = { file: string } | { reason: string };

/**
 * Downloads the official archive into `folder`, verifies its known hash and unpacks it. Archives
 * without a known hash are never requested. `ROWMILL_TEMPORAL_DOWNLOAD`: `off`, or the address of a
 * mirror of the releases.
 */
export async function downloadTemporal(
  folder: string,
  env: Environment,
  say: (line: string) => void,
  hashes: ArchiveHashes = ARCHIVE_HASHES,
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
  const wanted = hashes[archive];
  if (wanted === undefined) return { reason: `no sha256 of ${archive} is known here` };
  const dispatcher = new EnvHttpProxyAgent({ connect: { timeout: FIRST_ANSWER_MS } });
  try {
    const body = await bodyOf(`${base}/${archive}`, dispatcher);
    say(`Downloading the Temporal server ${PINNED_VERSION} …`);
    const path = join(folder, archive);
    const found = await save(Readable.fromWeb(body), path);
    if (found !== wanted) {
      return { reason: `${base}/${archive} is not the official archive: its sha256 is ${found}` };
    }
    const file = join(folder, executableName('temporal'));
    // Every supported system has `tar`, Windows 10 included.
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

/** Requests a file. The reply must begin soon, while the archive may take its time. */
async function bodyOf(url: string, dispatcher: EnvHttpProxyAgent) {
  const slow = new AbortController();
  const timer = setTimeout(() => slow.abort(new Error('no answer in time')), FIRST_ANSWER_MS);
  try {
    const signal = AbortSignal.any([slow.signal, AbortSignal.timeout(ARCHIVE_MS)]);
    const reply = await fetch(url, { dispatcher, signal });
    if (!reply.ok || reply.body === null) throw new Error(`HTTP ${reply.status}`);
    return reply.body;
  } finally {
    clearTimeout(timer);
  }
}

/** Saves a file; returns its sha256 in hex. */
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
  // fetch reports `fetch failed` with the reason as its cause.
  return firstLine('cause' in error ? error.cause : error);
}

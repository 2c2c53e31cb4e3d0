import { mkdtemp, mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { RowmillError } from '../../errors.ts';
import {
  cachedPath,
  cacheFolder,
  findOnPath,
  inspect,
  isExecutable,
  type Attempt,
  type Environment,
  type TemporalBinary,
} from './binary.ts';
import type { ArchiveHashes } from './archive-hashes.ts';
import { downloadTemporal } from './download.ts';
import { buildTemporal } from './go-build.ts';
import { withLock } from './lock.ts';
import { firstLine } from './error-text.ts';

export interface AcquireOptions {
  /**
   * Environment with PATH, HOME, ROWMILL_CACHE, ROWMILL_TEMPORAL_DOWNLOAD, … @default the process's
   */
  env?: Environment;
  /** Receives progress lines about slow steps. @default standard error */
  say?: (line: string) => void;
  /** Expected hashes of downloaded archives. @default those of Temporal's release */
  archiveHashes?: ArchiveHashes;
}

const WORKSHOP = 'making-';

/**
 * Finds the `temporal` command: on PATH, in the cache, downloaded, or built with Go. The latter two
 * are cached, and a lock keeps two processes from doing the work twice.
 * @throws RowmillError `temporal_unavailable_here` with every way tried and why it failed
 */
export async function acquireTemporalBinary(options: AcquireOptions = {}): Promise<TemporalBinary> {
  const env = options.env ?? process.env;
  const say = options.say ?? ((line) => process.stderr.write(`${line}\n`));
  const folder = cacheFolder(env);
  const tried: string[] = [];
  const take = (way: string, attempt: Attempt): TemporalBinary | null => {
    if ('binary' in attempt) return attempt.binary;
    tried.push(`${way}: ${attempt.reason}`);
    return null;
  };

  const onPath = await fromPath(env);
  if ('reason' in onPath && onPath.reason !== NOT_ON_PATH) say(onPath.reason);
  const ready = take('on PATH', onPath) ?? take('cache', await fromCache(folder));
  if (ready !== null) return ready;

  const download: typeof buildTemporal = (...where) =>
    downloadTemporal(...where, options.archiveHashes);
  const made = await make(folder, env, say, take, download).catch((error: unknown) => {
    const reason = `${folder} cannot be used: ${firstLine(error)} (set ROWMILL_CACHE)`;
    return take('cache', { reason });
  });
  if (made !== null) return made;

  const ways = tried.map((line) => `\n  - ${line}`).join('');
  throw new RowmillError('temporal_unavailable_here', `no Temporal server here; tried:${ways}`);
}

const NOT_ON_PATH = 'there is no `temporal` command';

async function fromPath(env: Environment): Promise<Attempt> {
  const path = await findOnPath('temporal', env);
  return path === null ? { reason: NOT_ON_PATH } : inspect(path, 'PATH');
}

async function fromCache(folder: string): Promise<Attempt> {
  const path = cachedPath(folder);
  return (await isExecutable(path)) ? inspect(path, 'cache') : { reason: `${path} is not there` };
}

/** Downloads or builds under a lock, and moves the result into the cache atomically. */
async function make(
  folder: string,
  env: Environment,
  say: (line: string) => void,
  take: (way: string, attempt: Attempt) => TemporalBinary | null,
  download: typeof buildTemporal,
): Promise<TemporalBinary | null> {
  await mkdir(folder, { recursive: true });
  const target = cachedPath(folder);
  const waiting = (pid: number | null) => {
    say(`Waiting for process ${pid ?? '?'}, which gets the Temporal server …`);
  };
  return withLock(
    `${target}.lock`,
    async () => {
      const done = await fromCache(folder);
      if ('binary' in done) return done.binary;
      await removeLeftovers(folder);
      const workshop = await mkdtemp(join(folder, WORKSHOP));
      const keep = async (file: string, from: 'download' | 'build'): Promise<Attempt> => {
        const found = await inspect(file, from);
        if ('reason' in found) return found;
        await rename(file, target);
        return { binary: { ...found.binary, path: target } };
      };
      try {
        for (const [from, way] of [
          ['download', download],
          ['build', buildTemporal],
        ] as const) {
          const got = await way(workshop, env, say);
          const binary = take(from, 'file' in got ? await keep(got.file, from) : got);
          if (binary !== null) return binary;
        }
        return null;
      } finally {
        await clear(workshop);
      }
    },
    { waiting },
  );
}

/** Removes the files of killed processes; the lock keeps others out. */
async function removeLeftovers(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (name.startsWith(WORKSHOP)) await clear(join(folder, name));
  }
}

/**
 * Clears the working folder. A build that outlived its killed process may still write there; the
 * next call then clears it.
 */
async function clear(workshop: string): Promise<void> {
  const retries = { maxRetries: 5, retryDelay: 50 };
  await rm(workshop, { recursive: true, force: true, ...retries }).catch(() => undefined);
}

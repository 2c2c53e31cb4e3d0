import { execFile } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, isAbsolute, join } from 'node:path';
import { promisify } from 'node:util';
import { isAtLeast, OLDEST_SERVER } from '../../temporal/connection.ts';
import { firstLine } from './error-text.ts';

const run = promisify(execFile);

/** Version of the `temporal` command that is downloaded or built; go.mod names it, too. */
export const PINNED_VERSION = '1.8.2';

/** `temporal` command that can serve. */
export interface TemporalBinary {
  path: string;
  /** Version of the command, like `1.8.2`. */
  version: string;
  /** Version of its server, like `1.31.2`. */
  serverVersion: string;
  from: 'PATH' | 'cache' | 'download' | 'build';
}

/** Result of one way to get it: the binary, or the reason why not. */
export type Attempt = { binary: TemporalBinary } | { reason: string };

export type Environment = Readonly<Record<string, string | undefined>>;

export const executableName = (name: string): string =>
  process.platform === 'win32' ? `${name}.exe` : name;

/** Returns the user's cache folder: `ROWMILL_CACHE`, else the system's default. */
export function cacheFolder(env: Environment): string {
  const own = env['ROWMILL_CACHE'];
  if (own) return own;
  const home = env['HOME'] ?? homedir();
  if (process.platform === 'darwin') return join(home, 'Library', 'Caches', 'rowmill');
  if (process.platform === 'win32') {
    return join(env['LOCALAPPDATA'] ?? join(home, 'AppData', 'Local'), 'rowmill');
  }
  const xdg = env['XDG_CACHE_HOME'];
  // The XDG base directory specification ignores relative paths.
  return join(xdg && isAbsolute(xdg) ? xdg : join(home, '.cache'), 'rowmill');
}

export const cachedPath = (folder: string): string =>
  join(folder, executableName(`temporal-${PINNED_VERSION}`));

/** Reads the version of a `temporal` command, and checks that its server is supported. */
export async function inspect(path: string, from: TemporalBinary['from']): Promise<Attempt> {
  let output: string;
  try {
    output = (await run(path, ['--version'], { timeout: 10_000 })).stdout;
  } catch (error) {
    return { reason: `${path} does not run: ${firstLine(error)}` };
  }
  const found = /version v?(\S+) \(Server v?(\d[^\s,)]*)/.exec(output);
  const [, version, serverVersion] = found ?? [];
  if (version === undefined || serverVersion === undefined) {
    return { reason: `${path} is skipped: it does not report the version of its server` };
  }
  if (!isAtLeast(serverVersion, OLDEST_SERVER)) {
    const need = `${OLDEST_SERVER} or newer is needed`;
    return { reason: `${path} is skipped: its server is ${serverVersion}, ${need}` };
  }
  return { binary: { path, version, serverVersion, from } };
}

/** Finds the first executable file of that name on PATH. */
export async function findOnPath(name: string, env: Environment): Promise<string | null> {
  for (const folder of (env['PATH'] ?? '').split(delimiter)) {
    if (!isAbsolute(folder)) continue;
    const path = join(folder, executableName(name));
    if (await isExecutable(path)) return path;
  }
  return null;
}

export const isExecutable = (path: string): Promise<boolean> =>
  access(path, constants.X_OK).then(
    () => true,
    () => false,
  );

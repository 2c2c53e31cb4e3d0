import { execFile, spawn } from 'node:child_process';
import { promisify } from 'node:util';
import { isAtLeast } from '../../temporal/connection.ts';
import { findOnPath, type Environment } from './binary.ts';
import { onExit } from './exit-hooks.ts';
import { firstLine } from './error-text.ts';

const run = promisify(execFile);

/** Minimum Go version, the first that fetches the toolchain named in go.mod. */
const OLDEST_GO = '1.21';

/** The `go` command and the environment to run it in. */
export interface Go {
  go: string;
  env: NodeJS.ProcessEnv;
}

/** Finds a `go` that is new enough, or the reason why there is none. */
export async function findGo(env: Environment): Promise<Go | { reason: string }> {
  const go = await findOnPath('go', env);
  if (go === null) return { reason: '`go` is not on PATH' };
  const goEnv = goEnvironment(env);
  const version = await goVersion(go, goEnv);
  if (isAtLeast(version, OLDEST_GO)) return { go, env: goEnv };
  return { reason: `${go} is ${version}; ${OLDEST_GO} or newer is needed` };
}

/** Removes settings of other projects of the user. */
function goEnvironment(env: Environment): NodeJS.ProcessEnv {
  return {
    ...env,
    GOOS: undefined,
    GOARCH: undefined,
    CGO_ENABLED: '0',
    GO111MODULE: 'on',
    GOFLAGS: '',
    GOTOOLCHAIN: 'auto',
    GOWORK: 'off',
  };
}

async function goVersion(go: string, env: NodeJS.ProcessEnv): Promise<string> {
  try {
    // Never fetches the toolchain named in go.mod.
    const local = { ...env, GOTOOLCHAIN: 'local' };
    const { stdout } = await run(go, ['env', 'GOVERSION'], { env: local, timeout: 20_000 });
    return stdout.trim().replace(/^go/, '');
  } catch (error) {
    return firstLine(error);
  }
}

export interface GoBuild {
  /** Executable to write. */
  file: string;
  /** Folder with go.mod and go.sum. */
  cwd: string;
  /** Path of the package with the command. */
  target: string;
  /** Other flags of the linker. @default none */
  stamp?: string;
}

/** Builds a command of a module, with the versions and checksums in its folder. */
export function goBuild(
  { go, env }: Go,
  { file, cwd, target, stamp = '' }: GoBuild,
): Promise<void> {
  const args = ['build', '-mod=readonly', '-trimpath', `-ldflags=-s -w ${stamp}`, '-o', file];
  return new Promise((resolve, reject) => {
    const child = spawn(go, [...args, target], {
      cwd,
      env,
      stdio: ['ignore', 'ignore', 'pipe'],
      windowsHide: true,
    });
    const forget = onExit(() => child.kill());
    let lastWords = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      lastWords = (lastWords + text).slice(-1_000);
    });
    child.once('error', (error) => {
      forget();
      reject(error);
    });
    child.once('close', (code, signal) => {
      forget();
      if (code === 0) resolve();
      else reject(new Error(lastWords.trim() || `ended with ${signal ?? `code ${String(code)}`}`));
    });
  });
}

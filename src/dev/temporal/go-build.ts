import { execFile, spawn } from 'node:child_process';
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { isAtLeast } from '../../temporal/connection.ts';
import { executableName, findOnPath, PINNED_VERSION, type Environment } from './binary.ts';
import { onExit } from './exit-hooks.ts';
import { packageRoot } from '../../process/package-root.ts';
import { firstLine, messageOf } from './process.ts';

const run = promisify(execFile);

const PACKAGE = 'github.com/temporalio/cli/cmd/temporal';
/** Minimum Go version, the first that fetches the toolchain named in go.mod. */
const OLDEST_GO = '1.21';
const SAY_EVERY_MS = 60_000;

export type Build = { file: string } | { reason: string };

/**
 * Builds the pinned `temporal` command in `folder` from its Go module, with the versions and
 * checksums of tools/temporal. Needs Go and its module proxy.
 */
export async function buildTemporal(
  folder: string,
  env: Environment,
  say: (line: string) => void,
): Promise<Build> {
  const go = await findOnPath('go', env);
  if (go === null) return { reason: '`go` is not on PATH' };
  const goEnv = goEnvironment(env);
  const version = await goVersion(go, goEnv);
  if (!isAtLeast(version, OLDEST_GO)) {
    return { reason: `${go} is ${version}; ${OLDEST_GO} or newer is needed` };
  }
  // Copied, because go may change its files, and an installed package is often read-only.
  const module = join(packageRoot(), 'tools', 'temporal');
  for (const name of ['go.mod', 'go.sum']) await copyFile(join(module, name), join(folder, name));
  const file = join(folder, executableName('temporal'));
  say(`Building the Temporal server ${PINNED_VERSION} with Go: about 6 minutes, this once …`);
  const started = Date.now();
  const timer = setInterval(() => {
    const minutes = Math.round((Date.now() - started) / 60_000);
    say(`Still building the Temporal server (${minutes} min) …`);
  }, SAY_EVERY_MS);
  try {
    await goBuild(go, file, folder, goEnv);
    say(`Built in ${Math.round((Date.now() - started) / 1000)} s.`);
    return { file };
  } catch (error) {
    return { reason: `${go}: ${messageOf(error)}` };
  } finally {
    clearInterval(timer);
  }
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

function goBuild(go: string, file: string, cwd: string, env: NodeJS.ProcessEnv): Promise<void> {
  const stamp = `-X github.com/temporalio/cli/internal/temporalcli.Version=${PINNED_VERSION}`;
  const args = ['build', '-mod=readonly', '-trimpath', `-ldflags=-s -w ${stamp}`, '-o', file];
  return new Promise((resolve, reject) => {
    const child = spawn(go, [...args, PACKAGE], {
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

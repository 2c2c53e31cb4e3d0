import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Variables of the test run that must not reach the installed package. */
const NOT_OURS =
  /^(NODE_|ROWMILL_TEST|TEMPORAL_|EXTRUCT_|npm_(package|lifecycle|command)|INIT_CWD)/;

const env = (extra: Record<string, string>): NodeJS.ProcessEnv => ({
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !NOT_OURS.test(name))),
  ...extra,
});

export interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs a program to its end, whatever that is, or for so many ms at most. `0`: no limit. */
export const run = (
  command: string,
  args: readonly string[],
  cwd: string,
  extra: Record<string, string> = {},
  timeout = 0,
): Promise<Ended> =>
  new Promise((resolve) => {
    const options = { cwd, env: env(extra), maxBuffer: 64 * 1024 * 1024, timeout };
    execFile(command, args, options, (error, stdout, stderr) => {
      const code = error === null ? 0 : Number(error.code ?? 1);
      resolve({ code, stdout, stderr });
    });
  });

/** An installation takes a minute on a busy machine; npm sometimes waits for ever for its own files. */
const INSTALLS_WITHIN_MS = 180_000;

/** Installs packages; tries once more. */
async function install(args: readonly string[], cwd: string): Promise<void> {
  const all = ['install', ...args];
  const { code } = await run('npm', all, cwd, {}, INSTALLS_WITHIN_MS);
  if (code !== 0) await must('npm', all, cwd);
}

/** Runs a step that must succeed. */
async function must(command: string, args: readonly string[], cwd: string): Promise<string> {
  const { code, stdout, stderr } = await run(command, args, cwd);
  if (code !== 0)
    throw new Error(`${command} ${args.join(' ')} ended with ${code}:\n${stdout}${stderr}`);
  return stdout;
}

export interface Installed {
  /** Paths in the tarball, with their modes. */
  files: Map<string, number>;
  /** A project that has nothing but the package. */
  project: string;
  remove(): Promise<void>;
}

/** Installs the package into an empty folder, as `npm install rowmill` does. */
export async function installTarball(): Promise<Installed> {
  const folder = await mkdtemp(join(tmpdir(), 'rowmill-package-'));
  await must('npm', ['run', '--silent', 'build'], ROOT);
  // Built just now; scripts would write between the JSON.
  const pack = ['pack', '--json', '--ignore-scripts', '--pack-destination', folder];
  const packed = await must('npm', pack, ROOT);
  // The shape of `npm pack --json`.
  const [tarball] = JSON.parse(packed) as [
    { filename: string; files: { path: string; mode: number }[] },
  ];
  const project = join(folder, 'project');
  await mkdir(project);
  await writeFile(join(project, 'package.json'), '{"private":true,"type":"module"}\n');
  const quiet = ['--omit=dev', '--prefer-offline', '--no-audit', '--no-fund'];
  // Overrides of ours do not reach a user who installs it: each of its packages must fit this Node.
  const strict = ['--engine-strict', ...quiet];
  await install([join(folder, tarball.filename), ...strict], project);
  return {
    files: new Map(tarball.files.map(({ path, mode }) => [path, mode])),
    project,
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

export interface SandboxProcess {
  /** Environment of its clients. */
  env: Record<string, string>;
  stop(): Promise<void>;
}

/** `rowmill sandbox` of the installed package, in a process of its own. */
export async function startInstalledSandbox(project: string): Promise<SandboxProcess> {
  const args = ['sandbox', '--port', '0', '--speed', '2000', '--end-with-stdin'];
  const child = spawn(join(project, 'node_modules', '.bin', 'rowmill'), args, {
    cwd: project,
    env: env({}),
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  return { env: await exportsOf(child), stop: () => stop(child) };
}

/** Reads the variables that it asks the user to set. */
async function exportsOf(child: ChildProcess): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  if (child.stdout === null) throw new Error('no output to read');
  for await (const line of createInterface({ input: child.stdout })) {
    const [, name, value] = /^\s*export (\w+)=(\S+)$/.exec(line) ?? [];
    if (name !== undefined && value !== undefined) found[name] = value;
    if (line.startsWith('Ctrl-C')) return found;
  }
  throw new Error('the sandbox ended before it said where it is');
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const closed = once(child, 'exit');
  child.stdin?.end();
  await closed;
}

import { readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { styleText } from 'node:util';
import { packageRoot } from '../../process/package-root.ts';
import { sanitize, sanitizeKeepingColour, sanitizeJson } from './sanitize.ts';

export type Env = Readonly<Record<string, string | undefined>>;
type Style = Parameters<typeof styleText>[0];

/** What a command may touch of the process it runs in. */
export interface Cli {
  readonly env: Env;
  readonly stdin: NodeJS.ReadStream;
  /** Results and data only; with `--json` exactly one JSON object. */
  readonly stdout: NodeJS.WriteStream;
  /** What people read while they wait. */
  readonly stderr: NodeJS.WriteStream;
  /** A line (or several) on stdout. */
  print(text: string): void;
  /** One line of JSON on stdout. */
  json(value: unknown): void;
  /** A line (or several) on stderr. */
  log(text: string): void;
  /** Text from anywhere in colours for stderr; plain in a pipe and under NO_COLOR. */
  style(style: Style, text: string): string;
  /** The process ends with this code as soon as nothing is left to do. */
  exitWith(code: number): void;
}

export function processCli(): Cli {
  const { env, stdin, stdout, stderr } = process;
  const colourful = isColourful(stderr, env);
  return {
    env,
    stdin,
    stdout,
    stderr,
    print: (text) => void stdout.write(`${sanitize(text)}\n`),
    json: (value) => void stdout.write(`${sanitizeJson(value)}\n`),
    log: (text) =>
      void stderr.write(`${colourful ? sanitizeKeepingColour(text) : sanitize(text)}\n`),
    style: (style, text) =>
      colourful ? styleText(style, sanitize(text), { validateStream: false }) : text,
    exitWith: (code) => {
      process.exitCode = code;
    },
  };
}

/** NO_COLOR (any value) and TERM=dumb are wishes; a pipe or a file never gets escape codes. */
const isColourful = (stream: NodeJS.WriteStream, env: Env): boolean =>
  stream.isTTY && !env['NO_COLOR'] && env['TERM'] !== 'dumb';

/** Somebody sits there: questions may be asked and lines redrawn. */
export const isInteractive = (cli: Pick<Cli, 'stdin' | 'stderr' | 'env'>): boolean =>
  cli.stdin.isTTY && cli.stderr.isTTY && cli.env['TERM'] !== 'dumb';

/** The user of this machine, for people; in some containers there is none with a name. */
export function currentUser(): string | null {
  try {
    return userInfo().username || null;
  } catch {
    return null;
  }
}

/** Program and arguments that start this command line again, from sources as from the build. */
export function selfCommand(): [string, ...string[]] {
  const here = fileURLToPath(import.meta.url);
  const main = fileURLToPath(new URL(`../main${extname(here)}`, import.meta.url));
  return [process.execPath, ...process.execArgv, main];
}

/** Of package.json, the same for sources and build. */
export function packageVersion(): string {
  const json: unknown = JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8'));
  const version = typeof json === 'object' && json !== null && 'version' in json && json.version;
  return typeof version === 'string' ? version : '0.0.0';
}

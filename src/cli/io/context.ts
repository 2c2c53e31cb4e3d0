import { userInfo } from 'node:os';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { styleText } from 'node:util';
import { sanitizeJson } from '../../contract/control-characters.ts';
import { sanitize, sanitizeKeepingColour } from './sanitize.ts';

export type Env = Readonly<Record<string, string | undefined>>;
type Style = Parameters<typeof styleText>[0];

/** Access of a command to its process. */
export interface Cli {
  readonly env: Env;
  readonly stdin: NodeJS.ReadStream;
  /** Receives only results and data; with `--json` exactly one JSON object. */
  readonly stdout: NodeJS.WriteStream;
  /** Receives progress and messages. */
  readonly stderr: NodeJS.WriteStream;
  /** Prints one or more lines on stdout. */
  print(text: string): void;
  /** Prints one line of JSON on stdout. */
  json(value: unknown): void;
  /** Prints one or more lines on stderr. */
  log(text: string): void;
  /** Sanitizes and colours a text for stderr; plain in a pipe and under NO_COLOR. */
  style(style: Style, text: string): string;
  /** Sets the exit code; the process ends once nothing is left to do. */
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

/**
 * Checks whether to use colours: not under NO_COLOR (any value) or TERM=dumb, and never in a pipe
 * or a file.
 */
const isColourful = (stream: NodeJS.WriteStream, env: Env): boolean =>
  stream.isTTY && !env['NO_COLOR'] && env['TERM'] !== 'dumb';

/** Checks for a terminal, where questions can be asked and lines redrawn. */
export const isInteractive = (cli: Pick<Cli, 'stdin' | 'stderr' | 'env'>): boolean =>
  cli.stdin.isTTY && cli.stderr.isTTY && cli.env['TERM'] !== 'dumb';

/** Returns the user of this machine, for display; `null` in containers without a user name. */
export function currentUser(): string | null {
  try {
    return userInfo().username || null;
  } catch {
    return null;
  }
}

/** Returns program and arguments that start this command line again, from sources or a build. */
export function selfCommand(): [string, ...string[]] {
  const here = fileURLToPath(import.meta.url);
  const main = fileURLToPath(new URL(`../main${extname(here)}`, import.meta.url));
  return [process.execPath, ...process.execArgv, main];
}

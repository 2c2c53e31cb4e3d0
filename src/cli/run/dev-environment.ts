import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { temporalTarget } from '../../temporal/connection.ts';
import { isStill, markOf } from '../../dev/temporal/process.ts';
import type { Cli, Env } from '../io/context.ts';
import { shellQuote } from '../io/format.ts';

/** Parent of the state folders, in the working folder. */
const STATE_FOLDERS = '.rowmill';
const FILE = 'environment.json';

const Published = z.object({
  process: z.object({ pid: z.number(), started: z.string() }),
  variables: z.record(z.string(), z.string()),
});

/** Publishes the environment of a development stack; returns a function that removes it. */
export function publishDevEnvironment(folder: string, variables: Env): () => void {
  const file = join(folder, FILE);
  const published = { process: markOf(process.pid), variables };
  // The file contains the sandbox's token.
  writeFileSync(file, JSON.stringify(published, null, 2), { mode: 0o600 });
  return () => rmSync(file, { force: true });
}

/** Commands that bring their own stack, or work for another one. */
const OWN_STACK: readonly string[] = ['dev', 'demo', 'sandbox', 'worker', 'completion'];

/**
 * Returns the environment of a command. If it names no Temporal server and `rowmill dev` runs in
 * the working folder, the stack's variables fill unset ones.
 */
export function commandEnv(cli: Cli, args: readonly string[]): Env {
  const [command = ''] = args;
  if (OWN_STACK.includes(command) || args.includes('--embedded')) return cli.env;
  if (isConfigured(cli.env)) return cli.env;
  const { running: found, killed } = devEnvironment();
  if (found === null) {
    if (killed !== null) cli.log(killedText(killed));
    return cli.env;
  }
  cli.log(`Uses \`rowmill dev\` of this folder (${found['TEMPORAL_ADDRESS'] ?? 'no address'})`);
  const set = Object.entries(cli.env).filter(([, value]) => value !== undefined && value !== '');
  return { ...found, ...Object.fromEntries(set) };
}

function isConfigured(env: Env): boolean {
  try {
    return temporalTarget({ env: { ...env } }).configured;
  } catch {
    // A profile that cannot be read is reported by the command that connects.
    return true;
  }
}

interface DevStacks {
  /** Variables of the stack that runs in this folder. */
  running: Record<string, string> | null;
  /** State folder of a killed stack; a regular stop removes its file. */
  killed: string | null;
}

function devEnvironment(): DevStacks {
  let killed: string | null = null;
  for (const folder of namesIn(STATE_FOLDERS)) {
    const state = join(STATE_FOLDERS, folder);
    const found = readPublished(join(state, FILE));
    if (found?.isRunning === true) return { running: found.variables, killed: null };
    if (found !== null) killed ??= state;
  }
  return { running: null, killed };
}

const USUAL_FOLDER = join(STATE_FOLDERS, 'dev');

function killedText(folder: string): string {
  const flag = folder === USUAL_FOLDER ? '' : ` --folder ${shellQuote(folder)}`;
  return `\`rowmill dev\` of this folder was killed: its runs go on once it is started again: rowmill dev${flag}`;
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

interface PublishedStack {
  isRunning: boolean;
  variables: Record<string, string>;
}

function readPublished(file: string): PublishedStack | null {
  try {
    const { process: publisher, variables } = Published.parse(
      JSON.parse(readFileSync(file, 'utf8')),
    );
    // A killed stack leaves its file.
    return { isRunning: isStill(publisher), variables };
  } catch {
    return null;
  }
}

import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { isStill, markOf } from '../../process/process-mark.ts';
import type { Env } from '../io/context.ts';
import { shellQuote } from '../../text/shell.ts';

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

interface DevStacks {
  /** Variables of the stack that runs in this folder. */
  running: Record<string, string> | null;
  /** State folder of a killed stack; a regular stop removes its file. */
  killed: string | null;
}

/** Finds the development stacks of the working folder. */
export function devStacks(): DevStacks {
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

/** Says how to continue a killed stack. */
export function killedText(folder: string): string {
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

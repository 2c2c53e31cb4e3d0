import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

export interface Child {
  process: ChildProcess;
  /** The first line so far, or to come, that the test likes; rejects when the process ends first. */
  line(wanted: (line: string) => boolean): Promise<string>;
  ended: Promise<void>;
}

/** Runs one of the programs beside this file in a process of its own. */
export function startChild(program: string, args: string[], env: NodeJS.ProcessEnv): Child {
  const file = fileURLToPath(new URL(program, import.meta.url));
  const child = spawn(process.execPath, [file, ...args], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines: string[] = [];
  let over = false;
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
  const ended = new Promise<void>((resolve) => {
    child.once('close', () => {
      over = true;
      resolve();
    });
  });
  const line = async (wanted: (line: string) => boolean): Promise<string> => {
    for (;;) {
      const found = lines.find(wanted);
      if (found !== undefined) return found;
      if (over) throw new Error(`${program} ended; it said: ${lines.join('\n')}`);
      await sleep(10);
    }
  };
  return { process: child, line, ended };
}

/** Waits for a condition; the test's own time limit ends it. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await sleep(20);
}

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Figure } from './figure.ts';
import { median } from './quantile.ts';
import { benchPipeline } from './site/pipeline.ts';

const STARTS = 9;
const ROWS = 500;

/** Path of the command. */
export const MAIN = fileURLToPath(new URL('../src/cli/main.js', import.meta.url));

/** R14: commands that need no server, from the start of the process to its end. */
export async function commandFigures(folder: string): Promise<Figure[]> {
  const place = join(folder, 'commands');
  await benchPipeline(place, ROWS);
  const commands = [
    { args: ['--version'], barMs: 150 },
    { args: ['check', 'pipeline.json'], barMs: 400, note: `${ROWS} rows` },
  ];
  const figures: Figure[] = [];
  for (const { args, barMs, note } of commands) {
    const took: number[] = [];
    const bare: number[] = [];
    // Turn by turn: what slows the machine down slows both.
    for (let round = 0; round < STARTS; round += 1) {
      bare.push(await lifeMs(['-e', '0'], place));
      took.push(await lifeMs([MAIN, ...args], place));
    }
    figures.push({
      ratio: 'R14',
      what: `rowmill ${args[0] ?? ''}: process start to end`,
      value: median(took),
      unit: 'ms',
      naive: median(bare),
      bar: barMs,
      origin: 'measured',
      note: `${note === undefined ? '' : `${note}, `}median of ${STARTS}; naive: node that does nothing`,
    });
  }
  return figures;
}

async function lifeMs(args: readonly string[], cwd: string): Promise<number> {
  const startedAtMs = performance.now();
  const child = spawn(process.execPath, args, { cwd, stdio: 'ignore' });
  await once(child, 'exit');
  if (child.exitCode !== 0) throw new Error(`node ${args.join(' ')} ended with ${child.exitCode}`);
  return performance.now() - startedAtMs;
}

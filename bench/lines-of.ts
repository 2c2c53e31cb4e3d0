import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { z } from 'zod';

/** The checkout, from the sources as from the build. */
const ROOT = new URL(import.meta.url.includes('/dist/bench/') ? '../../' : '../', import.meta.url);

/** Path of a file of the checkout. */
export const checkoutFile = (file: string): string => fileURLToPath(new URL(file, ROOT));

/**
 * Runs a simulation of the checkout and reads the JSON lines that it prints. It needs a process of
 * its own: it takes the place of clock, disk and network there.
 *
 * @param env variables added to those of this process
 */
export async function linesOf<T>(
  file: string,
  args: readonly string[],
  schema: z.ZodType<T>,
  env: Readonly<Record<string, string>> = {},
): Promise<T[]> {
  const child = spawn(process.execPath, ['--no-warnings', checkoutFile(file), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...env },
  });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (piece: string) => (text += piece));
  const code = await new Promise((resolve, reject) =>
    child.once('error', reject).once('close', resolve),
  );
  if (code !== 0) throw new Error(`${file} ended with ${String(code)}`);
  return text
    .trim()
    .split('\n')
    .map((line) => schema.parse(JSON.parse(line)));
}

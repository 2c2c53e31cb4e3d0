import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import type { BenchCase } from './cases.ts';
import type { Figure } from './figure.ts';
import { median, sum } from './quantile.ts';

/** The checkout, from the sources as from the build. */
const ROOT = new URL(import.meta.url.includes('/dist/bench/') ? '../../' : '../', import.meta.url);
const inRoot = (path: string): string => fileURLToPath(new URL(path, ROOT));

const Pair = z.object({
  calmMs: z.number(),
  stormyMs: z.number(),
  calmRequests: z.number(),
  stormyRequests: z.number(),
  failures: z.number(),
  wrong: z.array(z.string()),
});
type Pair = z.infer<typeof Pair>;

const SEEDS = 10;
const ROWS = 300;

/** R17: how much longer a run takes while one request in four fails, in every way a request can. */
export async function stormFigures({ provider }: BenchCase): Promise<Figure[]> {
  const pairs = await pairsOf(provider);
  const wrong = pairs.flatMap((pair) => pair.wrong);
  if (wrong.length > 0) throw new Error(`${provider}: ${wrong.join('; ')}`);
  const ratios = pairs.map(({ calmMs, stormyMs }) => stormyMs / calmMs);
  const failures = sum(pairs.map((pair) => pair.failures));
  return [
    {
      ratio: 'R17',
      provider,
      what: 'wall clock with one request in four failing ÷ without, worst',
      value: Math.max(...ratios),
      bar: 3,
      stretch: 2,
      origin: 'simulated',
      note: `median ${median(ratios).toFixed(2)} of ${SEEDS} runs of ${ROWS} rows, ${failures} failures; a whole run on a simulated clock`,
    },
  ];
}

/** A process of its own: the simulation takes the place of its clock and its network. */
async function pairsOf(provider: string): Promise<Pair[]> {
  const args = ['--provider', provider, '--rows', String(ROWS), '--seeds', String(SEEDS)];
  const child = spawn(
    process.execPath,
    ['--no-warnings', inRoot('test/chaos/simulation/storms.ts'), ...args],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (piece: string) => (text += piece));
  const code = await new Promise((resolve, reject) =>
    child.once('error', reject).once('close', resolve),
  );
  if (code !== 0) throw new Error(`the simulation of storms ended with ${String(code)}`);
  return text
    .trim()
    .split('\n')
    .map((line) => Pair.parse(JSON.parse(line)));
}

import { z } from 'zod';
import type { BenchCase } from './cases.ts';
import type { Figure } from './figure.ts';
import { linesOf } from './lines-of.ts';
import { median, sum } from './quantile.ts';

const Pair = z.object({
  calmMs: z.number(),
  stormyMs: z.number(),
  calmRequests: z.number(),
  stormyRequests: z.number(),
  failures: z.number(),
  wrong: z.array(z.string()),
});

const SEEDS = 10;
const ROWS = 300;

/** R17: how much longer a run takes while one request in four fails, in every way a request can. */
export async function stormFigures({ provider }: BenchCase): Promise<Figure[]> {
  const args = ['--provider', provider, '--rows', String(ROWS), '--seeds', String(SEEDS)];
  const pairs = await linesOf('test/chaos/simulation/storms.ts', args, Pair);
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

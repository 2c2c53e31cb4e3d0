import { z } from 'zod';
import type { BenchCase } from './cases.ts';
import type { Figure } from './figure.ts';
import { linesOf } from './lines-of.ts';
import { sum } from './quantile.ts';

const Month = z.object({
  rows: z.number(),
  /** Credits of each night. */
  credits: z.array(z.number()),
  undue: z.number(),
  wrong: z.array(z.string()),
});

/** R20: credits of 30 nights on a lasting table beside 30 full runs; R13: cells that were not due. */
export async function nightFigures({ provider }: BenchCase): Promise<Figure[]> {
  const [month] = await linesOf('test/chaos/nights/month.ts', ['--provider', provider], Month);
  if (month === undefined) throw new Error('the simulation of nights printed nothing');
  const { rows, credits, undue, wrong } = month;
  if (wrong.length > 0) throw new Error(`${provider}: ${wrong.join('; ')}`);
  const [first = 0, ...later] = credits;
  const span = `${Math.min(...later)} to ${Math.max(...later)}`;
  return [
    {
      ratio: 'R13',
      provider,
      what: 'cells asked for that were not due, 30 nights',
      value: undue,
      bar: 0,
      stretch: 0,
      origin: 'simulated',
      note: `${rows} companies, 3 columns (1 d, 30 d, never), 1 % of the rows edited a night`,
    },
    {
      ratio: 'R20',
      provider,
      what: 'credits of 30 nights ÷ 30 full runs',
      value: sum(credits) / (first * credits.length),
      bar: 0.4,
      origin: 'simulated',
      note: `the first night ${first}, each later one ${span} credits`,
    },
  ];
}

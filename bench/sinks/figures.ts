import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import type { Figure } from '../figure.ts';
import { linesOf } from '../lines-of.ts';
import { median } from '../quantile.ts';
import { resultsFolder, storeRows } from './rows.ts';

const ROUNDS = 5;
/** Program of the checkout, which needs a process of its own: memory is that of a process. */
const ALONE = import.meta.url.includes('/dist/')
  ? 'dist/bench/sinks/alone.js'
  : 'bench/sinks/alone.ts';

const takenShape = z.object({ ms: z.number(), bytes: z.number() });
type Taken = z.infer<typeof takenShape>;

/** R22: rows a second and memory of a sink ÷ those of a bare writer of the same library. */
export async function sinkFigures(sizes: readonly number[]): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const rows of sizes) {
    const place = await mkdtemp(join(tmpdir(), 'rowmill-sinks-'));
    try {
      await storeRows(resultsFolder(place), rows);
      figures.push(...(await figuresOf(rows, place)));
    } finally {
      await rm(place, { recursive: true, force: true });
    }
  }
  return figures;
}

async function figuresOf(rows: number, place: string): Promise<Figure[]> {
  const sink: Taken[] = [];
  const bare: Taken[] = [];
  // Turn by turn: what slows the machine down slows both.
  for (let round = 0; round < ROUNDS; round += 1) {
    bare.push(await publishedBy('bare', place));
    sink.push(await publishedBy('sink', place));
  }
  const ratio = (of: keyof Taken): number =>
    median(bare.map((one) => one[of])) / median(sink.map((one) => one[of]));
  const common = { ratio: 'R22', better: 'high', naive: 1, bar: 0.8, origin: 'measured' } as const;
  const note = `${rows} rows, median of ${ROUNDS}`;
  return [
    { ...common, what: 'Parquet: rows/s ÷ bare writer', value: ratio('ms'), note },
    { ...common, what: 'Parquet: memory of the bare writer ÷ memory', value: ratio('bytes'), note },
  ];
}

async function publishedBy(writer: string, place: string): Promise<Taken> {
  const [taken] = await linesOf(ALONE, [writer, place], takenShape);
  if (taken === undefined) throw new Error(`${writer} said nothing`);
  return taken;
}

import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import type { Figure } from '../figure.ts';
import { linesOf } from '../lines-of.ts';
import { median } from '../quantile.ts';
import { CONTENDERS } from './contenders.ts';
import { resultsFolder, storeRows } from './rows.ts';
import { startServers, type Servers } from './servers.ts';

const ROUNDS = 5;
/** Program of the checkout, which needs a process of its own: memory is that of a process. */
const ALONE = import.meta.url.includes('/dist/')
  ? 'dist/bench/sinks/alone.js'
  : 'bench/sinks/alone.ts';

const takenShape = z.object({ ms: z.number(), cpuMs: z.number(), bytes: z.number() });
type Taken = z.infer<typeof takenShape>;

/**
 * R22: rows a second of processor time, and memory, of each sink ÷ those of a bare writer of the same
 * library. The time on the clock, in the note, is that of the machine, its disk and its servers, too.
 */
export async function sinkFigures(sizes: readonly number[]): Promise<Figure[]> {
  const figures: Figure[] = [];
  const servers = await startServers();
  try {
    for (const rows of sizes) figures.push(...(await figuresOf(rows, servers)));
  } finally {
    await servers.stop();
  }
  return figures;
}

async function figuresOf(rows: number, servers: Servers): Promise<Figure[]> {
  const place = await mkdtemp(join(tmpdir(), 'rowmill-sinks-'));
  try {
    await storeRows(resultsFolder(place), rows);
    const figures: Figure[] = [];
    for (const name of Object.keys(CONTENDERS)) {
      figures.push(...(await compare(name, { rows, place, servers })));
    }
    return figures;
  } finally {
    await rm(place, { recursive: true, force: true });
  }
}

interface Arena {
  rows: number;
  place: string;
  servers: Servers;
}

async function compare(name: string, arena: Arena): Promise<Figure[]> {
  const what = CONTENDERS[name]?.what ?? name;
  const sink: Taken[] = [];
  const bare: Taken[] = [];
  // Turn by turn: what slows the machine down slows both.
  for (let round = 0; round < ROUNDS; round += 1) {
    bare.push(await publishedBy('bare', name, arena));
    sink.push(await publishedBy('sink', name, arena));
  }
  const size = `${arena.rows / 1_000} k rows`;
  const common = { ratio: 'R22', better: 'high', naive: 1, bar: 0.8, origin: 'measured' } as const;
  const middle = (all: readonly Taken[], of: keyof Taken): number =>
    median(all.map((one) => one[of]));
  const both = (of: keyof Taken): string =>
    [bare, sink].map((all) => Math.round(middle(all, of))).join(' ÷ ');
  return [
    {
      ...common,
      what: `${what}: rows/s ÷ bare writer, ${size}`,
      value: middle(bare, 'cpuMs') / middle(sink, 'cpuMs'),
      note: `${both('cpuMs')} ms of processor time, ${both('ms')} ms on the clock`,
    },
    {
      ...common,
      what: `${what}: memory of the bare writer ÷ memory, ${size}`,
      value: middle(bare, 'bytes') / middle(sink, 'bytes'),
      note: `median of ${ROUNDS}`,
    },
  ];
}

async function publishedBy(
  writer: string,
  name: string,
  { place, servers }: Arena,
): Promise<Taken> {
  const places = {
    folder: join(place, writer),
    bucket: `s3://${servers.bucket}/bench/${writer}`,
    // Both write into tables of their own.
    table: `public.bench_${randomUUID().replaceAll('-', '')}`,
  };
  const to = places[CONTENDERS[name]?.place ?? 'folder'];
  const [taken] = await linesOf(ALONE, [name, writer, place, to], takenShape, servers.env);
  if (taken === undefined) throw new Error(`${name} said nothing`);
  return taken;
}

import { createWriteStream } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline as pipe } from 'node:stream/promises';
import type { Pipeline } from '../../src/contract/pipeline.ts';
import { parsePipeline } from '../../src/spec/index.ts';
import { BASE_CASE, type BenchCase } from '../cases.ts';

export const companyName = (at: number): string => `Example Company ${at + 1} Inc.`;

/** A pipeline over a CSV file of so many companies, both in this folder. */
export async function benchPipeline(
  folder: string,
  rows: number,
  name = 'bench',
  its: BenchCase = BASE_CASE,
): Promise<Pipeline> {
  await mkdir(folder, { recursive: true });
  const lines = function* () {
    yield 'id,company\n';
    for (let at = 0; at < rows; at += 1) yield `C${at + 1},${companyName(at)}\n`;
  };
  await pipe(Readable.from(lines()), createWriteStream(join(folder, 'companies.csv')));
  const text = JSON.stringify({
    name,
    provider: its.provider,
    table: its.table,
    rows: { from: 'companies.csv', key: 'id', map: { [its.input]: 'company' } },
    results: [{ to: 'results.jsonl' }],
  });
  const file = join(folder, 'pipeline.json');
  await writeFile(file, text);
  return parsePipeline(text, { file, baseDir: folder, env: {} }).pipeline;
}
